"""Walking a synthesis tree, as a decision process."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache
from math import nan
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from gymcc.envs.core.dataset import Dataset
from gymcc.envs.core.memo import Memo
from gymcc.envs.core.own import OwnProgram
from gymcc.envs.core.problem import BackendError, Problem, Rule, UnknownInstance, checked_action
from gymcc.envs.nitta.library import Label, Library
from gymcc.envs.nitta.microarchitecture import DEFAULT, Microarchitecture
from gymcc.envs.nitta.moves import Moves
from gymcc.envs.nitta.tree import Node, Root, UnknownNode, open_tree

MAX_STEPS = 750  # NITTA's own limit
SIZES = (32, 64, 128)
FAILURE = 10  # ticks for each variable of the program, added to what is not a complete schedule
_TREES = 1_000
_RECENT = 5_000  # nodes that a search may come back to


class Nitta(Problem[Node]):
    """Find the shortest schedule of a program on a microarchitecture.

    A state is a node of NITTA's synthesis tree; action ``i`` takes the i-th option that is offered there (of more than
    ``max_options`` those with the best scores). ``cost`` of a complete schedule is NITTA's process duration, the tick
    of the last transfer. Anything else costs ``FAILURE`` ticks for each variable of the program, plus the ticks passed
    and the variables still to be transferred: so a transfer that wastes no tick costs nothing.
    """

    name = "nitta"
    unit = "ticks"
    deterministic = True
    last_counts = True  # a schedule is complete or it is none

    def __init__(
        self,
        library: Library,
        datasets: Mapping[str, Dataset],
        microarchitecture: Microarchitecture = DEFAULT,
        max_options: int = 64,
        group_binds: str = "nitta",
    ) -> None:
        super().__init__()
        if max_options not in SIZES:
            raise ValueError(f"max_options {max_options!r} is not one of {', '.join(map(str, SIZES))}")
        self.library = library
        self.datasets = datasets
        self.microarchitecture = microarchitecture
        self.group_binds = group_binds
        self.n_actions = max_options
        self.max_steps = MAX_STEPS
        self._root = lru_cache(_TREES)(self._open)
        self._ends: dict[tuple[str, str], float] = {}
        self._recent: Memo[tuple[str, str, int], Node] = Memo(0)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_root"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._root = lru_cache(_TREES)(self._open)

    def _open(self, instance: str) -> Root:
        return open_tree(self.library.program(instance), self.microarchitecture, self.group_binds)

    # The decision process

    def initial(self, instance: str) -> Node:
        return self._root(instance)

    def moves(self, state: Node) -> Moves:
        """The options behind the actions."""
        known = state.__dict__.get("moves")
        if not isinstance(known, Moves) or known.most != self.n_actions:
            known = state.__dict__["moves"] = Moves(state, self.n_actions)
        return known

    def legal(self, state: Node) -> NDArray[np.bool_]:
        return self.moves(state).legal.copy()

    def why_illegal(self, state: Node, action: int) -> str:
        return self.moves(state).why_illegal(action)

    def apply(self, state: Node, action: int) -> Node:
        checked_action(self, state, action)
        index = self.moves(state).kept[action]
        if not self._recent.entries:
            return state.child(index)
        key = (state.root.program.name, state.sid, index)
        node = self._recent.get(key)
        if node is None:
            node = state.child(index)
            self._recent.put(key, node)
        return node

    def fresh(self) -> Self:
        """As any problem's; and since a search walks the same ways again, nodes that it came by lately are kept."""
        clone = super().fresh()
        clone._recent = Memo(_RECENT)
        return clone

    def is_terminal(self, state: Node) -> bool:
        return not self.moves(state).legal.any()

    # Cost

    def evaluate(self, state: Node) -> float:
        if state.is_complete:
            return float(max(state.duration, 1))
        return float(self.failure_cost(state) + state.duration + 1 + state.unsent)

    def failure_cost(self, state: Node) -> int:
        """What is added to the cost of anything but a complete schedule of the state's program, in ticks."""
        return FAILURE * state.root.variables

    def cost_key(self, state: Node) -> Hashable:
        return state

    def heuristic(self, instance: str) -> Sequence[int]:
        """NITTA's stateOfTheArt, as far as its options are among the actions."""
        return self._actions(instance, self._label(instance).sota)

    def heuristic_cost(self, instance: str) -> float:
        return self._cost_at(instance, self._label(instance).sota)

    def rules(self) -> Mapping[str, Rule]:
        """NITTA's own methods of search."""
        from gymcc.envs.nitta.methods.rules import rules

        return rules(self)

    def solution(self, instance: str) -> Sequence[int] | None:
        label = self.library.known_label(instance)
        if label is None or label.best is None:
            return None
        actions = self._actions(instance, label.best)
        return actions if len(actions) == label.best.count("-") else None

    def facts(self, instance: str) -> dict[str, float | bool]:
        """Costs of NITTA's stateOfTheArt and of the best schedule, and whether that is proven best; nan if not known.

        No search is made for them: :meth:`heuristic_cost` makes one.
        """
        label = self.library.known_label(instance)
        return {
            "heuristic_cost": nan if label is None else self._cost_at(instance, label.sota),
            "best_known_cost": nan if label is None or label.best is None else self._cost_at(instance, label.best),
            "best_proven": bool(label and label.proven),
        }

    def caveat(self, instance: str) -> str:
        """Why the program can have no complete schedule, where that is known."""
        return "; ".join(self._root(instance).obstacles)

    @classmethod
    def programs(cls, paths: Sequence[Path], options: Mapping[str, Any]) -> Sequence[OwnProgram]:
        """Each Lua file is one."""
        return [OwnProgram(path.stem, {**options, "dataset": str(path)}, "beam") for path in paths]

    def landscape(self, instances: Sequence[str]) -> dict[str, Any]:
        from gymcc.envs.nitta.landscape import landscape

        return landscape(self, instances)

    def remarks(self, state: Node) -> dict[str, float | bool]:
        """The process duration so far, whether the schedule is complete, and how many options have no action."""
        return {
            "duration": state.duration,
            "complete": state.is_complete,
            "options_left_out": self.moves(state).left_out,
        }

    def _label(self, instance: str) -> Label:
        return self.library.label(instance, self.initial(instance))

    def _actions(self, instance: str, sid: str) -> list[int]:
        state: Node = self.initial(instance)
        actions: list[int] = []
        for index in map(int, sid.split("-")[1:]) if sid != "-" else ():
            kept = self.moves(state).kept
            if index not in kept:
                break
            actions.append(kept.index(index))
            state = state.child(index)
        return actions

    def _cost_at(self, instance: str, sid: str) -> float:
        known = self._ends.get((instance, sid))
        if known is None:
            known = self._ends[instance, sid] = self.evaluate(self.initial(instance).at(sid))
        return known

    # Text

    def describe(self, action: int) -> str:
        return f"option_{action}"

    def show(self, state: Node) -> str:
        from gymcc.envs.nitta.render import text

        return text(self, state)

    def picture(self, state: Node) -> NDArray[np.uint8]:
        from gymcc.envs.nitta.render import gantt

        return gantt(state)

    def listing(self, state: Node) -> str:
        from gymcc.envs.nitta.render import listing

        return listing(state)

    def encode(self, state: Node) -> str:
        return f"{state.root.program.name} {state.sid}"

    def decode(self, text: str) -> Node:
        instance, _, sid = text.rpartition(" ")
        try:
            return self.initial(instance).at(sid)
        except (UnknownInstance, UnknownNode) as error:
            raise ValueError(f"{text!r} is not '<instance> <node id>': {error}") from error

    def check_semantics(self, state: Node, seed: int) -> None:
        """Execute a complete schedule tick by tick; anything else computes nothing yet."""
        from gymcc.envs.nitta.simulator import ScheduleError, check

        if not state.is_complete:
            return
        root = state.root
        try:
            check(state.schedule(), root.program, self.microarchitecture, seed=seed)
        except ScheduleError as error:
            raise BackendError(f"{root.program.name} {state.sid}: {error}") from error

    def figures(self, state: Node) -> dict[str, float]:
        return {"duration": state.duration, "transfers": state.transfers, "decisions": state.depth}
