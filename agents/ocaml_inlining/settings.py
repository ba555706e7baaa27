"""How a committee is trained, as one YAML file; faults are told by key and what is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError

from gymcc.agents.config import MAX_FILE, ConfigError, Count, Positive, Section, Share

ENV = "ocaml-inline-v0"
Natural = Annotated[int, Field(ge=0)]
Model = Literal["star", "general", "hand_lasso", "hand_ridge"]


class Experts(Section):
    """One for each model of rewards and margin, times ``repeats``.

    Margins are differences of worth below which it does not matter what is decided, in ridge models; lasso models know
    of themselves, and have one expert. ``general`` is chosen on all programs that were attributed together: for figures
    on programs held out it is one bit of knowledge too many.
    """

    models: Annotated[tuple[Model, ...], Field(min_length=1)] = ("star", "hand_lasso", "hand_ridge")
    margins: Annotated[tuple[Positive, ...], Field(min_length=1)] = (5e-4, 5e-3)
    repeats: Count = 1  # each with a draw of programs of its own, with replacement
    hidden: Count = 32


class Fitting(Section):
    """All examples at once, by AdamW with a rate that falls to 0 along a cosine."""

    steps: Count = 300
    lr: Positive = 0.01
    weight_decay: Annotated[float, Field(ge=0)] = 1e-3
    stakes: Share = 0.0  # of an example's weight that goes by how much is at stake
    shipped_weight: Positive = 1.0  # of examples of other programs than the generator's


class Choice(Section):
    """When the committee decides: of all rules of these parts, that which is the fastest on programs held out.

    ``inline`` and ``never``: more likely than which it must be; ``within``: a budget of size, as a call is only inlined
    if all that are so are then no larger than so many times the program, by the source. Only rules count with which
    code grows by no more than the factor ``growth`` in the geometric mean, and no program gets slower than by the
    factor ``slowest``; if none does, the surest is taken. Not to inline where the compiler would is the greater risk:
    it may cost multiples of the time, where inlining for nothing costs size.
    """

    inline: Annotated[tuple[Share, ...], Field(min_length=1)] = (0.5, 0.6, 0.7, 0.8, 0.9)
    never: Annotated[tuple[Share, ...], Field(min_length=1)] = (0.7, 1.0)
    within: Annotated[tuple[Positive, ...], Field(min_length=1)] = (0.5,)
    folds: Annotated[int, Field(ge=2)] = 3
    growth: Positive = 1.08
    slowest: Positive = 1.02


class Settings(Section):
    """One training of a committee. ``options`` are those of the environment that examples are seen in."""

    options: dict[str, Any] = {}
    observation: str = "static"  # what a compiler sees that has no profile
    splits: Annotated[tuple[Literal["train", "validation"], ...], Field(min_length=1)] = ("train", "validation")
    experts: Experts = Experts()
    fitting: Fitting = Fitting()
    choice: Choice = Choice()
    seed: Natural = 0


def load(path: Path) -> Settings:
    """Read settings; raises :class:`ConfigError`."""
    try:
        if path.stat().st_size > MAX_FILE:
            raise ConfigError(f"{path}: too large for a config ({path.stat().st_size} bytes)")
        return Settings.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot read: {error}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors(include_url=False))
        raise ConfigError(f"{path}: {'; '.join(faults)}") from error
