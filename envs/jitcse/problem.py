"""Which common subexpressions to keep, as a decision process."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gymcc.envs.core.dataset import Dataset
from gymcc.envs.core.problem import Problem, Rule, UnknownInstance, checked_action
from gymcc.envs.jitcse.analysis import MAX_CANDIDATES, Candidate, Choice, Score
from gymcc.envs.jitcse.compilers import Compiler
from gymcc.envs.jitcse.state import CseState, read, write


class JitCse(Problem[CseState]):
    """Choose the set of candidates for which the compiler's code is cheapest.

    Action ``i`` keeps candidate ``i`` of the method in a temporary, action ``max_candidates`` stops. ``cost`` is the
    code's PerfScore plus ``size_weight`` times its bytes. Candidates from ``max_candidates`` on cannot be chosen.
    """

    name = "jitcse"
    unit = "PerfScore"
    unordered = True
    last_counts = True
    deterministic = True

    def __init__(
        self,
        compiler: Compiler,
        datasets: Mapping[str, Dataset],
        max_candidates: int = 16,
        size_weight: float = 0.0,
    ) -> None:
        super().__init__()
        if not isinstance(max_candidates, int) or not 1 <= max_candidates <= MAX_CANDIDATES:
            raise ValueError(f"max_candidates is a number from 1 to {MAX_CANDIDATES}, got {max_candidates!r}")
        if not isinstance(size_weight, int | float) or not size_weight >= 0:
            raise ValueError(f"size_weight is PerfScore per byte, at least 0, got {size_weight!r}")
        self.compiler = compiler
        self.datasets = datasets
        self.stop = max_candidates
        self.n_actions = self.max_steps = max_candidates + 1
        self.size_weight = size_weight

    # The decision process

    def candidates(self, instance: str) -> Sequence[Candidate]:
        """The method's candidates that can be chosen, by number; raises :class:`UnknownInstance`."""
        return self.compiler.candidates(instance)[: self.stop]

    def initial(self, instance: str) -> CseState:
        self.compiler.candidates(instance)  # or the method is not known
        return CseState(instance)

    def why_illegal(self, state: CseState, action: int) -> str:
        if not 0 <= action < self.n_actions:
            return f"there is no action {action}; allowed: 0 to {self.n_actions - 1}"
        if state.stopped:
            return "the episode has been stopped"
        candidates = self.candidates(state.method)
        if action == self.stop:
            return ""
        if action >= len(candidates):
            return f"the method has {len(candidates)} candidates"
        if action in state.chosen:
            return f"candidate {action} is kept already"
        return candidates[action].why_not_viable

    def apply(self, state: CseState, action: int) -> CseState:
        checked_action(self, state, action)
        return state.stop() if action == self.stop else state.with_candidate(int(action))  # no numpy integers in states

    def legal(self, state: CseState) -> NDArray[np.bool_]:
        legal = np.zeros(self.n_actions, np.bool_)
        if not state.stopped:
            legal[self.stop] = True
            for number, candidate in enumerate(self.candidates(state.method)):
                legal[number] = candidate.viable and number not in state.chosen
        return legal

    def is_terminal(self, state: CseState) -> bool:
        return state.stopped

    # Cost

    def score(self, state: CseState) -> Score:
        """PerfScore, size and instructions of the code; not memoised."""
        return self.compiler.score(state.method, state.chosen)

    def evaluate(self, state: CseState) -> float:
        score = self.score(state)
        return score.perf_score + self.size_weight * score.code_size

    def cost_key(self, state: CseState) -> Hashable:
        return state.method, state.chosen

    def heuristic(self, instance: str) -> Sequence[int]:
        """The stock heuristic's choice, as far as it can be chosen here."""
        within = [number for number in self.compiler.heuristic(instance) if number < self.stop]
        return [*within, self.stop]

    def rules(self) -> Mapping[str, Rule]:
        from gymcc.envs.jitcse.rules import rules

        return rules(self)

    def facts(self, instance: str) -> dict[str, float | bool]:
        """Costs of the stock heuristic, of no CSE, and the best known one with whether it is proven best."""
        label = self._label(instance)
        return {
            "heuristic_cost": self.heuristic_cost(instance),
            "none_cost": self.cost(CseState(instance)),
            "best_known_cost": self.cost(CseState(instance, label[0])) if label else nan,
            "best_proven": bool(label and label[1]),
        }

    def solution(self, instance: str) -> Sequence[int] | None:
        label = self._label(instance)
        return [*sorted(label[0]), self.stop] if label else None

    def _label(self, instance: str) -> tuple[Choice, bool] | None:
        """The best known choice and whether it is proven best; of PerfScore alone, over all candidates."""
        if self.size_weight or self.stop < len(self.compiler.candidates(instance)):
            return None
        return self.compiler.best(instance)

    # Text

    def describe(self, action: int) -> str:
        return "stop" if action == self.stop else f"cse_{action}"

    def show(self, state: CseState) -> str:
        lines = [f"{state.method}: {len(state.chosen)} kept" + (", stopped" if state.stopped else "")]
        for number, each in enumerate(self.candidates(state.method)):
            mark = "kept" if number in state.chosen else "" if each.viable else each.why_not_viable
            counts = f"{each.def_count} def, {each.use_count} use, weight {each.use_weight:g}"
            lines.append(f"  cse_{number:<3} {each.type.name.lower():7} cost {each.cost_ex:<3} {counts:32} {mark}")
        return "\n".join(line.rstrip() for line in lines)

    def listing(self, state: CseState) -> str:
        return self.compiler.listing(state.method, state.chosen)

    def encode(self, state: CseState) -> str:
        return write(state)

    def decode(self, text: str) -> CseState:
        state = read(text)
        try:
            known = len(self.candidates(state.method))
        except UnknownInstance as error:
            raise ValueError(str(error)) from error
        if beyond := [number for number in sorted(state.chosen) if number >= known]:
            raise ValueError(f"{state.method} has {known} candidates, got {beyond}")
        return state

    def check_semantics(self, state: CseState, seed: int) -> None:
        self.compiler.check(state.method, state.chosen, seed)

    def figures(self, state: CseState) -> dict[str, float]:
        score = self.score(state)
        return {"perf_score": score.perf_score, "bytes": score.code_size, "instructions": score.instructions}

    def landscape(self, instances: Sequence[str]) -> dict[str, Any]:
        from gymcc.envs.jitcse.landscape import landscape

        return landscape(self, instances)

    def failures(self) -> dict[str, str]:
        return self.compiler.failures()

    def versions(self) -> dict[str, str]:
        return self.compiler.versions()
