"""The models of a folder, each loaded when it is first asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from gymcc.agents.serving.client.client import Client
from gymcc.agents.serving.client.decide import published_key
from gymcc.agents.serving.nitta_ml import guide_model
from gymcc.agents.serving.nitta_ml.asked import Target
from gymcc.agents.serving.nitta_ml.guide_model import SHIPPED, GuideModel
from gymcc.agents.serving.nitta_ml.policy_model import NETWORK, PolicyModel
from gymcc.agents.serving.nitta_ml.value_model import CARD, ModelError, ValueModel

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")  # no path tricks
_MARKERS = (CARD, NETWORK, guide_model.CARD)


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
    """Models of the folder ``root``, by the names of their own folders, and the guide that is shipped. Thread-safe.

    ``target`` is what NITTA synthesises, which policies and guides must know. ``server``: where value networks of other
    names are published; each request is answered by the version that the name then stands for.
    """

    def __init__(self, root: Path | None = None, target: Target | None = None, server: Client | None = None) -> None:
        if root is not None and not root.is_dir():
            raise ValueError(f"{root}: no such folder of models")
        self.root, self.target, self.server, self._lock = root, target, server, Lock()
        self._loaded: dict[str, Model] = {}

    def __getitem__(self, name: str) -> Model:
        """Raises :class:`UnknownModel`, and :class:`ModelError` for one that cannot be used."""
        with self._lock:
            if name not in self._loaded:
                self._loaded[name] = self._load(name)
            return self._loaded[name]

    def names(self) -> list[str]:
        """All there are."""
        own = self.root.glob("*/*") if self.root else ()
        published = [name for model in self.server.get_models() for name in model.aliases] if self.server else []
        return sorted({SHIPPED.name, *(path.parent.name for path in own if path.name in _MARKERS), *published})

    def _load(self, name: str) -> Model:
        folder = self._folder(name)
        if folder is None and self.server is not None and published_key(self.server, name):
            model = ValueModel.served(self.server, name)
            return Model(name, model, model.card.train_mae, model.card.validation_mae)
        if folder is None:
            where = self.root.absolute() if self.root else "the shipped models"
            raise UnknownModel(f"Model {name} not found in root {where}; there are {', '.join(self.names())}")
        if (folder / CARD).is_file():
            model = ValueModel.load(folder)
            return Model(name, model, model.card.train_mae, model.card.validation_mae)
        if (folder / NETWORK).is_file():
            return Model(name, PolicyModel.load(folder, self.target))
        if (folder / guide_model.CARD).is_file():
            return Model(name, GuideModel.load(folder, self.target))
        expected = f"{CARD} with its network, {NETWORK} or {guide_model.CARD} with theirs"
        raise ModelError(f"{folder}: no model here; expected {expected}")

    def _folder(self, name: str) -> Path | None:
        if self.root and _NAME.fullmatch(name) and (self.root / name).is_dir():
            return self.root / name
        return SHIPPED if name == SHIPPED.name else None
