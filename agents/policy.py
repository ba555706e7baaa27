"""A trained policy as two files, ``policy.onnx`` and ``policy.json``, run with onnxruntime and numpy alone.

>>> policy = Policy.load("runs/quick")               # a run folder, or the path of policy.onnx
>>> env = gymnasium.make("looptune-mm-v0").unwrapped
>>> rollout(policy, env, "m128_n128_k128")           # decisions from the start state, no cost computed
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from math import prod
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gymcc.envs.core.choices import choose
from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.core.episode import Episode
from gymcc.envs.core.observation import Observation
from gymcc.envs.core.problem import BackendError, Problem

SCHEMA = 1
PRETRAINED = Path(__file__).parent / "pretrained"
Scores = NDArray[np.float32]


class PolicyError(ValueError):
    """A policy that cannot be read, or that was trained for something else; the message says which and why."""


@dataclass(frozen=True)
class Card:
    """The side-car ``policy.json``: what the network was trained on and may be used with."""

    env: str  # registered id
    options: dict[str, Any]  # of that environment while training
    observation: str  # name
    observation_size: int  # numbers, flattened
    actions: list[str]  # names, in the order of the scores
    versions: dict[str, str]  # of the problem's back end while training
    algorithm: dict[str, Any]
    network: dict[str, Any]
    env_steps: int  # of training
    validation: dict[str, Any]  # split, instances, backend, speedup
    gymcc: str
    schema: int = SCHEMA
    extra: dict[str, Any] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """As JSON, indented."""
        path.write_text(json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def read(cls, path: Path) -> Card:
        """Inverse of :meth:`write`; raises :class:`PolicyError`."""
        try:
            text = path.read_text()
        except (OSError, ValueError) as error:
            raise PolicyError(f"{path}: cannot read the policy's side-car: {error}") from error
        return cls.parse(text, path)

    @classmethod
    def parse(cls, text: str, where: object) -> Card:
        """From the text of a side-car that was found at ``where``; raises :class:`PolicyError`."""
        try:
            body = json.loads(text)
        except ValueError as error:
            raise PolicyError(f"{where}: cannot read the policy's side-car: {error}") from error
        if not isinstance(body, dict) or body.get("schema") != SCHEMA:
            found = body.get("schema") if isinstance(body, dict) else None
            raise PolicyError(f"{where}: side-car schema {found!r}; this version reads {SCHEMA}")
        names = {item.name for item in fields(cls)}
        if names != set(body):
            raise PolicyError(f"{where}: missing {sorted(names - set(body))}, unknown {sorted(set(body) - names)}")
        return cls._typed(body, where)

    @classmethod
    def _typed(cls, body: dict[str, Any], where: object) -> Card:
        from pydantic import TypeAdapter, ValidationError  # slow to import, and only files need it

        try:
            return TypeAdapter(cls).validate_json(json.dumps(body), strict=True)
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            key = ".".join(map(str, fault["loc"]))
            raise PolicyError(f"{where}: {key}: {fault['msg']}, got {fault['input']!r}") from error


class Scorer(Protocol):
    """Anything that scores actions in a batch of states."""

    def scores(self, observations: NDArray[np.float32], masks: NDArray[Any]) -> Scores:
        """Scores (B, A) of observations (B, D) under masks (B, A); higher is better, illegal ones lowest."""


class Policy:
    """A network loaded from ONNX. Thread-safe; holds one intra-op thread."""

    def __init__(self, card: Card, session: Any) -> None:
        self.card = card
        self._session = session

    @classmethod
    def load(cls, path: str | Path) -> Policy:
        """Load a policy from a folder with ``policy.onnx`` or from that file; raises :class:`PolicyError`."""
        import onnxruntime

        model = find(path)
        card = Card.read(model.with_suffix(".json"))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises a dozen classes of its own
            raise PolicyError(f"{model}: not an ONNX network: {' '.join(str(error).split())[:200]}") from error
        shapes = {item.name: item.shape[-1] for item in [*session.get_inputs(), *session.get_outputs()]}
        actions = len(card.actions)
        expected = {"observations": card.observation_size, "action_mask": actions, "scores": actions}
        if shapes != expected:
            raise PolicyError(f"{model}: network has {shapes}, its side-car says {expected}")
        return cls(card, session)

    def scores(self, observations: NDArray[np.float32], masks: NDArray[Any]) -> Scores:
        """Scores float32 (B, A) of observations (B, D) under masks (B, A); illegal actions get -1e9."""
        inputs = {"observations": observations.astype(np.float32), "action_mask": masks.astype(np.float32)}
        result: Scores = self._session.run(["scores"], inputs)[0]
        return result

    def act(self, observation: NDArray[np.float32], mask: NDArray[Any]) -> int:
        """The best legal action in one state, observation of any shape, mask (A,)."""
        return int(self.scores(observation.reshape(1, -1), mask[None])[0].argmax())

    def check(self, env: CompilerEnv[Any]) -> None:
        """Raise :class:`PolicyError` unless the policy's actions and observation are those of ``env``."""
        actions = [env.problem.describe(action) for action in range(env.problem.n_actions)]
        if actions != self.card.actions:
            raise PolicyError(f"the policy decides among {self.card.actions}, the environment among {actions}")
        if self.card.observation not in env.observations:
            known = ", ".join(env.observations)
            raise PolicyError(f"the policy looks at {self.card.observation!r}; the environment offers {known}")
        space = env.observations[self.card.observation].space
        if prod(space.shape or ()) != self.card.observation_size:
            raise PolicyError(f"the policy looks at {self.card.observation_size} numbers, the environment has {space}")


def shipped() -> dict[str, Path]:
    """The policies that come with GymCC, by name."""
    return {model.parent.name: model for model in sorted(PRETRAINED.glob("*/policy.onnx"))}


def find(path: str | Path) -> Path:
    """The ``.onnx`` file meant by a path or by the name of a shipped policy; raises :class:`PolicyError`."""
    known = shipped()
    if str(path) in known:
        return known[str(path)]
    path = Path(path)
    model = path / "policy.onnx" if path.is_dir() else path
    if model.suffix != ".onnx" or not model.is_file():
        names = ", ".join(known) or "none"
        raise PolicyError(f"{path}: no policy here; expected a folder with policy.onnx, that file, or one of: {names}")
    return model


def rollout(policy: Policy, env: CompilerEnv[Any], instance: str) -> list[int]:
    """The policy's greedy decisions on one instance, from the start to the end or the step limit.

    Costs are not computed, and ``env`` is left as it is. Raises :class:`PolicyError` if the policy is not for ``env``.
    """
    policy.check(env)
    return rollouts(policy, env, policy.card.observation, [instance])[0]


def rollouts(scorer: Scorer, env: CompilerEnv[Any], observation: str, instances: Sequence[str]) -> list[list[int]]:
    """Greedy decisions on several instances at once, one batch of scores per step.

    Where the back end fails on an instance, as a live compiler may at any time, no more is decided.
    """
    problem, observe = env.problem, choose(env.observations, observation, "observation")
    episodes = [_start(env, instance) for instance in instances]
    seen = {i: looks for i, episode in enumerate(episodes) if (looks := _looks(problem, observe, episode))}
    while seen:
        observations, masks = map(np.stack, zip(*seen.values(), strict=True))
        for i, action in zip(list(seen), scorer.scores(observations, masks).argmax(-1).tolist(), strict=True):
            episodes[i] = episodes[i].moved(action, problem.apply(episodes[i].state, action))
        seen = {i: looks for i in seen if (looks := _looks(problem, observe, episodes[i]))}
    return [list(episode.actions) for episode in episodes]


def _looks(problem: Problem[Any], observe: Observation, episode: Episode[Any]) -> tuple[Any, Any] | None:
    """Observation (D,) and mask (A,); None where there is nothing more to decide, or the back end fails."""
    if episode.steps_left <= 0 or problem.is_terminal(episode.state):
        return None
    try:
        return observe(episode).ravel(), problem.legal(episode.state)
    except BackendError:
        return None


def _start(env: CompilerEnv[Any], instance: str) -> Episode[Any]:
    instance = env.problem.resolve(instance)
    return Episode(instance, env.problem.initial(instance), env.max_steps)
