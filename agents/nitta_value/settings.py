"""How a guide or a value network is trained, as one YAML file; faults are told by key and what is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, RootModel, ValidationError, field_validator

from gymcc.agents.config import MAX_FILE, ConfigError, Count, Positive, Section, Share, Uploads

Natural = Annotated[int, Field(ge=0)]


class Programs(Section):
    """Which programs: a number of each size from the generator's split, and all of the shipped ones' split."""

    split: Annotated[str, Field(pattern="^(train|validation|test|all)$")] = "train"
    shipped: bool = True
    generated: dict[str, Natural] = {}
    seed: Natural = 0  # of the draw among the generated


class Round(Section):
    """One round of lessons from every program: descents, nodes of the guided search, descents from where it stopped."""

    descents: Count = 40
    evaluations: Natural = 0
    continuations: Natural = 0


class Fitting(Section):
    """How networks are fitted to all lessons so far: one after each round but the last, ``members`` then."""

    members: Count = 4
    layers: Annotated[tuple[Count, ...], Field(min_length=1)] = (256, 128, 64)
    lr: Positive = 1e-3
    batch_size: Count = 1024
    epochs: Positive = 8.0
    expectile: Share = 0.3  # less than 0.5: leans to the shorter of the schedules found in like situations
    huber: Positive = 0.1  # errors of growth above it count linearly
    hopeless_weight: Positive = 0.17  # of the cross-entropy of "hopeless" beside the error of "growth"
    weight_decay: Share = 1e-4


class Validation(Section):
    """Searches with the budget that NITTA's stateOfTheArt took, after each round."""

    programs: Programs = Programs(split="validation")


class GuideSettings(Section):
    """One training of a guide."""

    kind: Literal["guide"]
    programs: Programs = Programs()
    rounds: Annotated[tuple[Round, ...], Field(min_length=1)]
    fitting: Fitting = Fitting()
    validation: Validation = Validation()
    risk: Positive = 0.7
    processes: Count = 1
    seed: Natural = 0


class ValueSettings(Section):
    """One training of a value network; the defaults are those of NITTA's own (nitta, ``ml/synthesis``).

    It learns from a crawl, or with ``data`` from the descents that workers upload: in ``rounds``, each after so many
    new ``descents`` on the newest ``window`` of them. Versions are held against each other on the programs ``trials``.
    ``validation``: programs held back; where none is named, ``validation_share`` of the rows are. ``dropout`` after the
    first layers, ``l2`` on the weights of all but the last two.
    """

    kind: Literal["value"]
    layers: Annotated[tuple[Count, ...], Field(min_length=1)] = (256, 64, 32)
    dropout: tuple[Share, ...] = (0.7, 0.5)
    l2: Annotated[float, Field(ge=0)] = 0.01
    lr: Positive = 8e-5
    one_cycle: bool = False
    batch_size: Count = 64
    steps: Count = 45_000
    validation: tuple[str, ...] = ()
    validation_share: Share = 0.2
    validation_rows: Count = 100_000  # at most
    data: Uploads | None = None  # `orchestrator` is short for its defaults
    rounds: Count = 20
    descents: Count = 500
    window: Count = 20_000
    trials: Programs = Programs(split="validation")
    seed: Natural = 0

    @field_validator("data", mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {} if value == "orchestrator" else value


class _Either(RootModel[Annotated[GuideSettings | ValueSettings, Field(discriminator="kind")]]):
    pass


def load(path: Path) -> GuideSettings | ValueSettings:
    """Read settings; raises :class:`ConfigError`."""
    try:
        if path.stat().st_size > MAX_FILE:
            raise ConfigError(f"{path}: too large for a config ({path.stat().st_size} bytes)")
        body: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return _Either.model_validate(body).root
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot read: {error}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors(include_url=False))
        raise ConfigError(f"{path}: {'; '.join(faults)}") from error


def dump(settings: GuideSettings | ValueSettings) -> str:
    """The whole of the settings, defaults included, as YAML that :func:`load` reads back."""
    return yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False)
