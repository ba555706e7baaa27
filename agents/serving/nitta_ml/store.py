"""The models of a folder, each loaded when it is first asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from gymcc.agents.serving.nitta_ml.policy_model import NETWORK, PolicyModel, Target
from gymcc.agents.serving.nitta_ml.value_model import CARD, ModelError, ValueModel

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")  # no path tricks


class UnknownModel(LookupError):
    """There is no model of that name."""


class Scorer(Protocol):
    """Whatever scores all options of a node."""

    def scores(self, views: Sequence[Mapping[str, Any]]) -> list[float]:
        """A number for each of the NodeViews, greater is better."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model with its mean absolute errors, None where they were not measured."""

    name: str
    scorer: Scorer
    train_mae: float | None = None
    validation_mae: float | None = None


class Store:
    """Models of the folder ``root``, by the names of their own folders. Thread-safe.

    ``target`` is what NITTA synthesises, which policies must know.
    """

    def __init__(self, root: Path, target: Target | None = None) -> None:
        if not root.is_dir():
            raise ValueError(f"{root}: no such folder of models")
        self.root, self.target, self._lock = root, target, Lock()
        self._loaded: dict[str, Model] = {}

    def __getitem__(self, name: str) -> Model:
        """Raises :class:`UnknownModel`, and :class:`ModelError` for one that cannot be used."""
        with self._lock:
            if name not in self._loaded:
                self._loaded[name] = self._load(name)
            return self._loaded[name]

    def names(self) -> list[str]:
        """All there are."""
        return sorted({path.parent.name for marker in (CARD, NETWORK) for path in self.root.glob(f"*/{marker}")})

    def _load(self, name: str) -> Model:
        folder = self.root / name
        if not _NAME.fullmatch(name) or not folder.is_dir():
            raise UnknownModel(f"Model {name} not found in root {self.root.absolute()}")
        if (folder / CARD).is_file():
            model = ValueModel.load(folder)
            return Model(name, model, model.card.train_mae, model.card.validation_mae)
        if (folder / NETWORK).is_file():
            return Model(name, PolicyModel.load(folder, self.target))
        raise ModelError(f"{folder}: no model here; expected {CARD} or {NETWORK} with their side-cars")
