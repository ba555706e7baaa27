"""A guide: a network that says how long the schedule may become after each option, as ``guide.onnx`` and a side-car.

Two outputs per option: by how many times the ticks that must at least follow (:func:`remaining`) the schedule grows
from here on at best, and whether no schedule can be reached at all.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gymcc.agents.nitta_value.observe import COLUMNS, Observer, remaining
from gymcc.agents.policy import PRETRAINED
from gymcc.envs.nitta.tree import Node

NETWORK, CARD, SCHEMA = "guide.onnx", "guide.json", 1
SHIPPED = PRETRAINED / "nitta-guide"
RISK = 0.7  # a state without any schedule is like one that takes so many times longer


class GuideError(ValueError):
    """A guide that cannot be read or used; the message says which and why."""


@dataclass(frozen=True, slots=True)
class GuideCard:
    """The side-car ``guide.json``: the columns that go in, and how the network came about."""

    columns: list[str]
    risk: float = RISK
    validation: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    programs: dict[str, Any] = field(default_factory=dict)  # trained on: number and checksum of their ids
    gymcc: str = ""
    schema: int = SCHEMA

    def write(self, path: Path) -> None:
        """As JSON, indented."""
        path.write_text(json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def read(cls, path: Path) -> GuideCard:
        """Inverse of :meth:`write`; raises :class:`GuideError`."""
        try:
            body = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise GuideError(f"{path}: cannot be read: {error}") from error
        names = {item.name for item in fields(cls)}
        if not isinstance(body, dict) or body.get("schema") != SCHEMA or set(body) != names:
            raise GuideError(f"{path}: not the side-car of a guide of schema {SCHEMA} ({', '.join(sorted(names))})")
        card = cls(**body)
        if tuple(card.columns) != COLUMNS:
            raise GuideError(f"{path}: the guide looks at other columns than this version computes; train it anew")
        return card


class Guide:
    """A guide that is loaded; remembers the algorithms it has seen, so one per search is best."""

    def __init__(self, card: GuideCard, session: Any) -> None:
        self.card, self._session = card, session
        self._observer = Observer()

    @classmethod
    def load(cls, path: Path = SHIPPED) -> Guide:
        """Read the two files of a folder, the shipped guide by default; raises :class:`GuideError`."""
        import onnxruntime

        card = GuideCard.read(path / CARD)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            session = onnxruntime.InferenceSession(str(path / NETWORK), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises a dozen classes of its own
            raise GuideError(f"{path / NETWORK}: no ONNX network: {' '.join(str(error).split())[:200]}") from error
        shapes = {item.name: tuple(item.shape[1:]) for item in [*session.get_inputs(), *session.get_outputs()]}
        if shapes != (expected := {"features": (len(COLUMNS),), "growth": (), "hopeless": ()}):
            raise GuideError(f"{path / NETWORK}: network has {shapes}, a guide {expected}")
        return cls(card, session)

    def fresh(self) -> Guide:
        """The same guide, having seen nothing."""
        return Guide(self.card, self._session)

    def rows(self, node: Node) -> NDArray[np.float32]:
        """What the guide sees of a node's options."""
        return self._observer.rows(node)

    def estimates(self, node: Node) -> list[float]:
        """Of each option the duration of the best schedule behind it, with a surcharge for the risk of none."""
        return self.judged(node, self.rows(node))

    def judged(self, node: Node, rows: NDArray[np.float32]) -> list[float]:
        """:meth:`estimates` of rows that are known already."""
        if not len(rows):
            return []
        growth, hopeless = self._session.run(["growth", "hopeless"], {"features": rows})
        ticks = (growth + self.card.risk * hopeless) * remaining(node)
        estimates: Sequence[float] = (node.duration + ticks).tolist()
        return list(estimates)
