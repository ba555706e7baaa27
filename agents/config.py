"""An experiment as data: one YAML file, checked before anything runs.

``load(path)`` reads it; a fault is one :class:`ConfigError` line that names the key and what is allowed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from gymcc.envs.core.dataset import SPLITS
from gymcc.envs.registry import ROWS

Split = Literal["train", "validation", "test", "all"]
Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
MAX_FILE = 1 << 20  # bytes; a config is a page of text


class ConfigError(ValueError):
    """A config that cannot be used; the message names the file, the key and the allowed values in one line."""


class Section(BaseModel):
    """A part of the file: unknown keys are errors, values cannot change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Known = TypeVar("Known", bound=Section)


class Env(Section):
    """What is decided: a registered id, its options, and the split that instances are drawn from."""

    id: str
    options: dict[str, Any] = {}
    split: Split = "train"

    @field_validator("id")
    @classmethod
    def _known(cls, value: str) -> str:
        known = [row.id for row in ROWS]
        if value not in known:
            raise ValueError(f"unknown environment {value!r}; allowed: {', '.join(known)}")
        return value

    @field_validator("options")
    @classmethod
    def _no_split(cls, value: dict[str, Any]) -> dict[str, Any]:
        if "split" in value:
            raise ValueError("the split is a key of its own: env.split")
        return value


class Validation(Section):
    """Greedy roll-outs on instances never trained on; the best checkpoint is chosen by them."""

    split: Split = "validation"
    instances: Count = 64  # the first so many of the split, in an order shuffled by the seed
    every: Count = 10  # iterations
    options: dict[str, Any] = {}  # over env.options, e.g. {backend: native} while training on the model


class Epsilon(Section):
    """Share of random legal actions, falling linearly from ``start`` to ``end`` over ``steps`` environment steps.

    Besides, a share ``stretches`` of the episodes is random over one stretch of steps, from a uniformly drawn step on
    for a uniformly drawn number of steps, and greedy outside. So unlikely states are reached, and learned to be made
    the best of, which scattered random actions do not do when a good sequence has seven decisions.
    """

    start: Share = 1.0
    end: Share = 0.05
    steps: Count = 50_000
    stretches: Share = 0.0

    def at(self, steps: int) -> float:
        """Share of random actions after so many environment steps, stretches aside."""
        return self.start + (self.end - self.start) * min(1.0, steps / self.steps)


class DQN(Section):
    """Deep Q-learning with a target network and n-step returns (Mnih et al. 2015; Hessel et al. 2018)."""

    name: Literal["dqn"]
    lr: Positive = 5e-4
    lr_end: Positive | None = None  # reached linearly when the budget is spent
    gamma: Share = 1.0
    n_step: Count = 3
    double: bool = True
    dueling: bool = True
    prioritised: bool = True
    alpha: Share = 0.6  # exponent of priorities
    beta: Share = 0.4  # exponent of the importance weights that correct for them
    batch_size: Count = 256  # transitions of one update
    replay_ratio: Positive = 8.0  # transitions replayed per environment step
    buffer_size: Count = 200_000  # environment steps
    learning_starts: Count = 2_000  # environment steps
    target_update: Count = 2_000  # environment steps between copies of the network
    grad_clip: Positive = 10.0  # global norm
    epsilon: Epsilon = Epsilon()
    demonstrations: Share = 0.0  # of the episodes follow the problem's heuristic for a uniformly drawn number of steps


class PPO(Section):
    """Proximal policy optimisation (Schulman et al. 2017)."""

    name: Literal["ppo"]
    lr: Positive = 3e-4
    lr_end: Positive | None = None  # reached linearly when the budget is spent
    gamma: Share = 1.0
    lam: Share = 0.95  # of generalised advantage estimation
    clip: Positive = 0.2
    entropy: Annotated[float, Field(ge=0)] = 0.01
    value_weight: Positive = 0.5
    batch_size: Count = 2_000  # environment steps per iteration
    minibatch_size: Count = 250
    epochs: Count = 8
    grad_clip: Positive = 0.5


class IMPALA(Section):
    """Actors and a learner that do not wait for each other, with V-trace for the delay (Espeholt et al. 2018)."""

    name: Literal["impala"]
    lr: Positive = 5e-4
    lr_end: Positive | None = None  # reached linearly when the budget is spent
    gamma: Share = 1.0
    entropy: Annotated[float, Field(ge=0)] = 0.01
    value_weight: Positive = 0.5
    batch_size: Count = 500  # environment steps of one update
    epochs: Count = 1  # times that a batch is used
    trace: Count = 25  # steps that V-trace looks ahead at most
    grad_clip: Positive = 40.0


class APPO(IMPALA):
    """IMPALA with PPO's clipped loss beside a slowly following target network (Luo et al. 2020)."""

    name: Literal["appo"]  # type: ignore[assignment]
    clip: Positive = 0.4
    epochs: Count = 2
    target_update: Positive = 2.0  # batches between copies of the network


class Cloning(Section):
    """Behavioural cloning: imitate decisions that are known, as a policy of its own or to start DQN or PPO from.

    With ``data: orchestrator`` these are the best episodes that were uploaded, and nobody else teaches: ``teacher``,
    ``states`` and ``stakes`` say nothing then.
    """

    name: Literal["cloning"]
    teacher: Literal["solution", "heuristic"] = "solution"  # the best known decisions, or the problem's heuristic
    states: Count = 8  # drawn from each instance, on the way of the teacher
    stakes: Share = (
        0.0  # how far a decision of a set counts by what the opposite would cost, rather than like any other
    )
    lr: Positive = 1e-3
    lr_end: Positive | None = None  # reached linearly when the budget is spent
    batch_size: Count = 256  # states
    weight_decay: Annotated[float, Field(ge=0)] = 1e-4


class Network(Section):
    """The policy's network.

    ``vector``: a multi-layer perceptron on the flattened observation. ``set``: one scorer shared by all candidates,
    for observations with a row per action, the last for stopping. ``options``: the same for a list of options, with one
    more row for the whole.
    """

    encoder: Literal["vector", "set", "options"] = "vector"
    layers: Annotated[tuple[Count, ...], Field(min_length=1)] = (256, 256)


class Runners(Section):
    """Processes that step environments; 0: in the training process. Measured costs allow one per core."""

    num_env_runners: Annotated[int, Field(ge=0)] = 0
    envs_per_runner: Count = 16
    learner_threads: Count = 1


class Budget(Section):
    """When training ends: whichever comes first. One at least must be given."""

    env_steps: Count | None = None
    minutes: Positive | None = None
    iteration_steps: Count = 2_000  # environment steps between rows of metrics

    @model_validator(mode="after")
    def _finite(self) -> Budget:
        if self.env_steps is None and self.minutes is None:
            raise ValueError("give env_steps, minutes or both")
        return self

    def share(self, env_steps: int, seconds: float) -> float:
        """How much of it is spent; 1: all."""
        steps = env_steps / self.env_steps if self.env_steps is not None else 0.0
        minutes = seconds / 60 / self.minutes if self.minutes is not None else 0.0
        return min(1.0, max(steps, minutes))


class Uploads(Section):
    """Experience comes from an orchestrator (``gymcc serve``) that running compilers upload to, not from episodes here.

    A policy that does better on the validation instances than all before, the published one included, is published
    under the name ``publish``, so that the next decisions are its.
    """

    address: str | None = None  # host:port or unix://path; by default SSDB's
    list: str = "experience"  # that workers append to
    publish: str | None = None
    consume: bool = True  # delete from the server what was read
    patience: Positive = 5.0  # seconds that an iteration waits for episodes; it goes on with what came
    idle_minutes: Positive = 30.0  # without an upload: then the training ends, whatever is left of its budget


class Checkpoint(Section):
    """How often a resumable checkpoint is written, and how many are kept besides the best."""

    every: Count = 10  # iterations
    keep: Count = 2


class Wandb(Section):
    """Where Weights & Biases runs go. ``auto``: online if a key is configured or WANDB_MODE says so, else offline."""

    project: str = "gymcc"
    entity: str | None = None
    group: str | None = None  # what runs are shown together: seeds of one config, samples of a sweep
    mode: Literal["auto", "online", "offline", "disabled"] = "auto"


LOGGERS = ("jsonl", "wandb", "tensorboard")


class Logger(Section):
    """Metrics always go to ``metrics.jsonl``; to Weights & Biases as well unless its mode is ``disabled``.

    A list of names is short for the same: ``[jsonl, tensorboard]`` leaves Weights & Biases out.
    """

    wandb: Wandb = Wandb()
    tensorboard: bool = False  # files of TensorBoard in the run folder

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        if unknown := [name for name in value if name not in LOGGERS]:
            raise ValueError(f"unknown logger {unknown[0]!r}; allowed: {', '.join(LOGGERS)}")
        return {"wandb": {} if "wandb" in value else {"mode": "disabled"}, "tensorboard": "tensorboard" in value}


ALGORITHMS: dict[int | str, type[Section]] = {
    "dqn": DQN,
    "ppo": PPO,
    "impala": IMPALA,
    "appo": APPO,
    "cloning": Cloning,
}


class Experiment(Section):
    """One training run."""

    env: Env
    algorithm: DQN | PPO | IMPALA | APPO | Cloning = Field(discriminator="name")
    budget: Budget
    validation: Validation = Validation()
    network: Network = Network()
    runners: Runners = Runners()
    checkpoint: Checkpoint = Checkpoint()
    logger: Logger = Logger()
    data: Uploads | None = None  # None: episodes are played here; `orchestrator` is short for its defaults
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    init_from: str | None = None  # a policy.onnx, or a run folder holding one, whose weights training starts from

    @field_validator("data", mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {} if value == "orchestrator" else None if value == "episodes" else value

    @model_validator(mode="after")
    def _off_policy(self) -> Experiment:
        if self.data is not None and self.algorithm.name not in ("dqn", "cloning"):
            raise ValueError(f"data: {self.algorithm.name} learns from its own decisions only; allowed: dqn, cloning")
        if self.data is not None and self.runners.num_env_runners:
            raise ValueError("runners.num_env_runners: uploads are read by the training itself; allowed: 0")
        return self


def load(path: Path) -> Experiment:
    """Read an experiment from a YAML file; raises :class:`ConfigError`."""
    return parse(read_yaml(path, Experiment), str(path))


def parse(body: dict[str, Any], where: str = "config") -> Experiment:
    """An experiment from plain data; raises :class:`ConfigError`."""
    return validated(Experiment, body, where)


def read_yaml(path: Path, model: type[Section]) -> dict[str, Any]:
    """The keys of a YAML file that is to be a ``model``; raises :class:`ConfigError`."""
    try:
        if path.stat().st_size > MAX_FILE:
            raise ConfigError(f"{path}: too large for a config ({path.stat().st_size} bytes)")
        body = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot read: {error}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(body, dict):
        raise ConfigError(f"{path}: expected keys {', '.join(model.model_fields)}")
    return body


def validated(model: type[Known], body: dict[str, Any], where: str) -> Known:
    """A ``model`` from plain data; raises :class:`ConfigError` naming every fault."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise ConfigError(f"{where}: " + "; ".join(_fault(item, model) for item in error.errors())) from error


def dump(experiment: Experiment) -> str:
    """The whole experiment, defaults included, as YAML that :func:`load` reads back."""
    return yaml.safe_dump(experiment.model_dump(mode="json"), sort_keys=False)


def in_group(experiment: Experiment, group: str) -> Experiment:
    """The experiment with its W&B runs in ``group``, unless it names one itself."""
    wandb = experiment.logger.wandb
    named = wandb.model_copy(update={"group": wandb.group or group})
    return experiment.model_copy(update={"logger": experiment.logger.model_copy(update={"wandb": named})})


def _fault(item: Any, model: type[Section]) -> str:
    """One fault of pydantic's list in our words."""
    key = ".".join(str(part) for part in item["loc"] if part not in ALGORITHMS)
    kind, value, context = item["type"], item["input"], item.get("ctx", {})
    if kind == "extra_forbidden":
        return f"unknown key {key!r}; allowed: {', '.join(_section(item['loc'][:-1], model).model_fields)}"
    if kind == "missing":
        return f"missing key {key!r}"
    if kind == "union_tag_invalid":
        return f"{key}.name: {context['tag']!r} is not allowed; allowed: {', '.join(map(str, ALGORITHMS))}"
    if kind == "union_tag_not_found":
        return f"missing key '{key}.name'; allowed: {', '.join(map(str, ALGORITHMS))}"
    if kind == "literal_error":
        return f"{key}: {value!r} is not allowed; allowed: {context['expected'].replace(' or ', ', ')}"
    return f"{key}: {item['msg'].removeprefix('Value error, ')} (got {value!r})"


def _section(location: tuple[int | str, ...], model: type[Section]) -> type[Section]:
    """The model at a place in the file."""
    found = model
    for part in location:
        if part in ALGORITHMS:
            found = ALGORITHMS[part]
        elif isinstance(part, str) and part in found.model_fields and part != "algorithm":
            kind: Any = found.model_fields[part].annotation
            found = next((each for each in (kind, *get_args(kind)) if _is_section(each)), found)
    return found


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Section)


assert set(get_args(Split)) == {*SPLITS, "all"}
