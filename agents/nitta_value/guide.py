"""A guide: a network that says how long the schedule may become after each option, as ``guide.onnx`` and a side-car.

Two outputs per option and member, for a guide is several networks: by how many times the ticks that must at least
follow (:func:`remaining`) the schedule grows from here on at best, and whether no schedule can be reached at all.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gymcc.agents.nitta_value.observe import COLUMNS, Observer, remaining
from gymcc.agents.policy import PRETRAINED
from gymcc.envs.nitta.tree import Node

Floats = NDArray[np.float32]
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
    """A guide that is loaded; ``members`` networks."""

    def __init__(self, card: GuideCard, session: Any) -> None:
        self.card, self._session = card, session
        self.members: int = session.get_outputs()[0].shape[1]

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
        members = shapes.get("growth", ())
        if len(members) != 1 or shapes != {"features": (len(COLUMNS),), "growth": members, "hopeless": members}:
            raise GuideError(f"{path / NETWORK}: network has {shapes}, no guide of {len(COLUMNS)} columns")
        return cls(card, session)

    def outputs(self, rows: Floats) -> tuple[Floats, Floats]:
        """Growth and the probability of hopelessness, each ``(options, members)``, of options' features."""
        if not len(rows):
            return (empty := np.zeros((0, self.members), np.float32)), empty
        growth, hopeless = self._session.run(["growth", "hopeless"], {"features": rows})
        return growth, hopeless

    def ticks(self, rows: Floats, scale: float) -> Floats:
        """What each member takes to follow after an option, ``(options, members)``; ``scale`` is :func:`remaining`."""
        growth, hopeless = self.outputs(rows)
        return np.asarray((growth + self.card.risk * hopeless) * scale)


class Outlook:
    """A guide looking at one tree; remembers what it has seen there."""

    def __init__(self, guide: Guide) -> None:
        self.guide, self._observer = guide, Observer()
        self._known: dict[str, Floats] = {}

    def estimates(self, node: Node, member: int | None = None) -> list[float]:
        """Of each option the duration of the best schedule behind it, with a surcharge for the risk of none.

        By one member, or by all together.
        """
        ticks = self._known.get(node.sid)
        if ticks is None:
            ticks = self.guide.ticks(self._observer.rows(node), remaining(node))
            self._known[node.sid] = ticks
        chosen = ticks.mean(axis=1) if member is None else ticks[:, member]
        return [float(each) for each in node.duration + chosen]
