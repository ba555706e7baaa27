"""The programs behind instance ids, and what is known of the shortest schedules of those that come with GymCC."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gymcc.envs.core.problem import UnknownInstance
from gymcc.envs.nitta.frontend import LuaError, compile_lua
from gymcc.envs.nitta.generator import SIZES, generate
from gymcc.envs.nitta.methods import synthesise
from gymcc.envs.nitta.numbers import DEFAULT_TYPE, NumberType
from gymcc.envs.nitta.program import Program
from gymcc.envs.nitta.tree import Node

HERE = Path(__file__).parent
LABELS = HERE / "data" / "labels.json"
TIERS = ("tiny", "small", "medium", "hard")
MAX_SEED = 10**9


@dataclass(frozen=True, slots=True)
class Label:
    """Nodes of a program's tree on the default microarchitecture: ``sota``, where NITTA's stateOfTheArt ends, and
    ``best``, the shortest schedule known, if any; ``proven``: nothing is shorter.
    """

    sota: str
    best: str | None = None
    proven: bool = False


class Library:
    """Programs by instance id: ``<tier>/<name>`` of the shipped ones, ``gen/<size>/<seed>`` of the generator, and
    ``own``, Lua sources by id.

    ``known``: whether the shipped labels hold: they are of the default microarchitecture with all group binds.
    """

    def __init__(
        self, own: Mapping[str, str] | None = None, number_type: NumberType = DEFAULT_TYPE, known: bool = True
    ) -> None:
        self.own = dict(own or {})
        self.number_type = number_type
        self.known = known and number_type == DEFAULT_TYPE
        self._labels: dict[str, Label] = {}

    def source(self, instance: str) -> str:
        """The Lua text of an instance; raises :class:`UnknownInstance`."""
        if instance in self.own:
            return self.own[instance]
        if instance in shipped_sources():
            return shipped_sources()[instance]
        match instance.split("/"):
            case ["gen", size, seed] if size in SIZES and seed.isdecimal() and str(int(seed)) == seed:
                if int(seed) <= MAX_SEED:
                    return generate(int(seed), size)
        allowed = f"<tier>/<name> of {', '.join(TIERS)}, or gen/<size>/<seed> with a size of {', '.join(SIZES)}"
        raise UnknownInstance(f"unknown program {instance!r}; allowed: {allowed}")

    def program(self, instance: str) -> Program:
        """The program, compiled; raises :class:`UnknownInstance`, also where a number does not fit into the type."""
        source = self.source(instance)
        try:
            return compile_lua(source, instance, self.number_type)
        except LuaError as error:
            raise UnknownInstance(f"{instance} as {self.number_type}: {error}") from error

    def known_label(self, instance: str) -> Label | None:
        """What is known of an instance without a search."""
        if instance not in self._labels and self.known and instance in shipped_labels() and instance not in self.own:
            self._labels[instance] = shipped_labels()[instance]
        return self._labels.get(instance)

    def label(self, instance: str, root: Node) -> Label:
        """What is known of the tree under ``root``; stateOfTheArt runs (up to seconds) where nothing is."""
        label = self.known_label(instance)
        if label is None:
            label = self._labels[instance] = Label(synthesise(root, "stateOfTheArt").node.sid)
        return label


@cache
def shipped_sources() -> Mapping[str, str]:
    """The Lua texts that come with GymCC, by id, tier by tier."""
    paths = [path for tier in TIERS for path in sorted((HERE / "programs" / tier).glob("*.lua"))]
    return {f"{path.parent.name}/{path.stem}": path.read_text(encoding="utf-8") for path in paths}


@cache
def shipped_labels() -> Mapping[str, Label]:
    """By id; made by ``python -m gymcc.benchmarks.nitta_labels``."""
    known = json.loads(LABELS.read_text()) if LABELS.is_file() else {}
    return {instance: Label(**label) for instance, label in known.items()}
