"""Which calls to inline, as a decision process."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache
from math import nan
from pathlib import Path as File
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gymcc.envs.core.choices import choose
from gymcc.envs.core.dataset import Dataset
from gymcc.envs.core.own import OwnProgram
from gymcc.envs.core.problem import Problem, Rule, UnknownInstance, checked_action
from gymcc.envs.ocaml import own
from gymcc.envs.ocaml.actions import Action
from gymcc.envs.ocaml.backend import Backend, Figures
from gymcc.envs.ocaml.compilers import Compilers
from gymcc.envs.ocaml.ir import Path
from gymcc.envs.ocaml.labels import Label, shipped_labels
from gymcc.envs.ocaml.rules import rules, unasked
from gymcc.envs.ocaml.state import ACTIONS, InlineState, read, write

MODES = ("site", "tree")
MAX_DEPTH = 6  # calls on a path that can be inlined into each other
MAX_NODES = 200  # calls in copied bodies that an episode decides on
SIZE_WEIGHT = 0.1
MAX_SITES = 1_000  # with a choice, of one program
NAMES = tuple(action.name.lower() for action in Action)


class OcamlInline(Problem[InlineState]):
    """Decide call by call whether OCaml inlines.

    In site mode every static call with a choice is decided once, in the order of the source, and copies follow; in tree
    mode inlining a call puts the calls of the copied body before the others. ``cost`` is the time of the program, in
    the back end's unit, relative to that without decisions, times the relative size of its code to the power of
    ``size_weight`` where it has grown: its logarithm is ln(time / default) + size_weight * max(0, ln(size / default)).
    Calls that are not decided yet are left to the compiler.
    """

    name = "ocaml"
    unit = "share of the default's cost"
    n_actions = len(Action)

    def __init__(
        self,
        compilers: Compilers,
        datasets: Mapping[str, Dataset],
        mode: str = "site",
        size_weight: float = SIZE_WEIGHT,
        max_depth: int = MAX_DEPTH,
        max_nodes: int = MAX_NODES,
    ) -> None:
        super().__init__()
        choose(dict.fromkeys(MODES), mode, "mode")
        if not isinstance(size_weight, int | float) or not 0 <= size_weight <= 10:
            raise ValueError(f"size_weight is a number from 0 to 10, got {size_weight!r}")
        for name, value, most in (("max_depth", max_depth, 30), ("max_nodes", max_nodes, 10_000)):
            if not isinstance(value, int) or not 1 <= value <= most:
                raise ValueError(f"{name} is a whole number from 1 to {most}, got {value!r}")
        self.compilers, self.datasets = compilers, datasets
        self.mode, self.size_weight = mode, float(size_weight)
        self.max_depth, self.max_nodes = max_depth, max_nodes
        self.max_steps = MAX_SITES + (max_nodes if mode == "tree" else 0)
        self.deterministic = compilers.deterministic
        self._forget()

    def _forget(self) -> None:
        self._start = lru_cache(10_000)(self._started)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_start"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()

    # The decision process

    def backend(self, instance: str) -> Backend:
        """What compiles a program; raises :class:`UnknownInstance` or :class:`BackendError`."""
        return self.compilers.backend(instance)

    def initial(self, instance: str) -> InlineState:
        return self._start(instance)

    def _started(self, instance: str) -> InlineState:
        backend = self.backend(instance)
        agenda = tuple((site.id,) for site in backend.sites if len(backend.legal((site.id,))) > 1)
        if not agenda:
            raise UnknownInstance(f"{instance}: there is nothing to decide: no call can be inlined")
        if len(agenda) > MAX_SITES:
            raise UnknownInstance(f"{instance}: {len(agenda)} calls can be decided on, at most {MAX_SITES} are allowed")
        return InlineState(instance, agenda)

    def allowed(self, state: InlineState) -> frozenset[Action]:
        """What can be decided for the next call; none at the end."""
        if state.path is None:
            return frozenset()
        if self.mode == "tree" and (len(state.path) > self.max_depth or self._over_budget(state)):
            return frozenset({Action.NEVER})
        return self.backend(state.program).legal(state.path)

    def _over_budget(self, state: InlineState) -> bool:
        return state.opened + len(self._opens(state)) > self.max_nodes

    def _opens(self, state: InlineState) -> tuple[Path, ...]:
        """The calls that inlining the next one opens."""
        backend, path = self.backend(state.program), state.agenda[0]
        inner = ((*path, site) for site in backend.children(path))
        return tuple(each for each in inner if len(backend.legal(each)) > 1)

    def legal(self, state: InlineState) -> NDArray[np.bool_]:
        legal = np.zeros(self.n_actions, np.bool_)
        legal[[int(action) for action in self.allowed(state)]] = True
        return legal

    def why_illegal(self, state: InlineState, action: int) -> str:
        if not 0 <= action < self.n_actions:
            return f"there is no action {action}; allowed: 0 to {self.n_actions - 1}"
        if state.path is None:
            return "all calls have been decided on"
        allowed = self.allowed(state)
        if action in allowed:
            return ""
        if allowed == {Action.NEVER}:
            return f"paths longer than {self.max_depth} or with more than {self.max_nodes} calls opened are not inlined"
        return "the compiler has no default of its own there: inline or never"

    def apply(self, state: InlineState, action: int) -> InlineState:
        checked_action(self, state, action)
        opens = self._opens(state) if self.mode == "tree" and action == Action.INLINE else ()
        return state.decided(Action(action), opens)

    def is_terminal(self, state: InlineState) -> bool:
        return not state.agenda

    # Cost

    def price(self, state: InlineState) -> Figures:
        """Time and size; not memoised."""
        return self.backend(state.program).cost(dict(state.decisions))

    def evaluate(self, state: InlineState) -> float:
        found, default = self.price(state), self.backend(state.program).baseline
        growth = max(1.0, found.text / default.text)
        return float(found.cost / default.cost * growth**self.size_weight)

    def cost_key(self, state: InlineState) -> Hashable:
        """Leaving a site to the compiler is not to decide on it; on a path it is not to do as for the path's site."""
        said = (each for each in state.decisions if each[1] is not Action.DEFAULT or len(each[0]) > 1)
        return state.program, frozenset(said)

    def heuristic(self, instance: str) -> Sequence[int]:
        """What the compiler does unasked: its default at every call."""
        return unasked(self, instance)

    def rules(self) -> Mapping[str, Rule]:
        return rules(self)

    def facts(self, instance: str) -> dict[str, float | bool]:
        """Costs of the compiler's own heuristic and the best known decisions, nan if there are none; whether proven."""
        label = self._label(instance)
        best = nan if label is None else self.cost(self.decode(f"{instance} {label.letters}"))
        proven = label is not None and label.proven
        return {"heuristic_cost": self.heuristic_cost(instance), "best_known_cost": best, "best_proven": proven}

    def solution(self, instance: str) -> Sequence[int] | None:
        label = self._label(instance)
        return None if label is None else [int(ACTIONS[letter]) for letter in label.letters]

    def _label(self, instance: str) -> Label | None:
        """What is known of a shipped program: of the simulator's closure mode with the default options."""
        from gymcc.envs.ocaml.backends.sim import SIMULATOR

        usual = (self.size_weight, self.max_depth, self.max_nodes) == (SIZE_WEIGHT, MAX_DEPTH, MAX_NODES)
        label = shipped_labels().get(f"{self.mode} {instance}") if usual else None
        return label if label is not None and label.version == self.versions().get(SIMULATOR) else None

    def landscape(self, instances: Sequence[str]) -> dict[str, Any]:
        from gymcc.envs.ocaml.landscape import landscape

        return landscape(self, instances)

    def remarks(self, state: InlineState) -> dict[str, float | bool]:
        """Decisions taken and to be taken, calls inlined, and the length of the path that is next."""
        return {
            "decided": len(state.decisions),
            "undecided": len(state.agenda),
            "inlined": sum(action is Action.INLINE for _, action in state.decisions),
            "depth": len(state.path or ()),
        }

    # Text

    def describe(self, action: int) -> str:
        return NAMES[action]

    def show(self, state: InlineState) -> str:
        backend = self.backend(state.program)
        lines = [f"{state.program}: {len(state.decisions)} decided, {len(state.agenda)} to decide"]
        for path, action in state.decisions:
            lines.append(f"{'  ' * len(path)}{backend.sites[path[-1]]}  {NAMES[action]}")
        if state.path is not None:
            lines.append(f"{'  ' * len(state.path)}{backend.sites[state.path[-1]]}  ?")
        return "\n".join(lines)

    def listing(self, state: InlineState) -> str:
        sources = self.compilers.sources(state.program, dict(state.decisions))
        if len(sources) == 1:
            return next(iter(sources.values()))
        return "\n".join(f"(* {name} *)\n{text}" for name, text in sources.items())

    def decided(self, state: InlineState) -> Sequence[Mapping[str, Any]]:
        return own.decided(self, state)

    def save(self, state: InlineState, folder: File) -> Sequence[File]:
        return own.save(self, state, folder)

    @classmethod
    def programs(cls, paths: Sequence[File], options: Mapping[str, Any]) -> Sequence[OwnProgram]:
        return own.programs(paths, options)

    def encode(self, state: InlineState) -> str:
        return write(state)

    def decode(self, text: str) -> InlineState:
        instance, actions = read(text)
        try:
            state = self.initial(instance)
            for action in actions:
                state = self.apply(state, action)
        except ValueError as error:
            raise ValueError(f"{text!r} is no state: {error}") from error
        return state

    def check_semantics(self, state: InlineState, seed: int) -> None:
        """Programs take no input: one run says it all."""
        self.compilers.check(state.program, dict(state.decisions))

    def figures(self, state: InlineState) -> dict[str, float]:
        found = self.price(state)
        words = {"words": float(found.words)} if hasattr(found, "words") else {}
        return {self.backend(state.program).unit: found.cost, "bytes": found.text, **words}

    def versions(self) -> dict[str, str]:
        return self.compilers.versions()
