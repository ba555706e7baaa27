"""Loop tuning as a decision process."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from gymcc.envs.core.choices import choose
from gymcc.envs.core.dataset import Dataset
from gymcc.envs.core.memo import Memo
from gymcc.envs.core.problem import IllegalAction, Problem
from gymcc.envs.looptune.actions import ACTION_SETS
from gymcc.envs.looptune.backends import Backend
from gymcc.envs.looptune.backends.pseudocode import pseudocode
from gymcc.envs.looptune.dataset import DATASETS
from gymcc.envs.looptune.instance import parse
from gymcc.envs.looptune.state import LoopState, default_nest
from gymcc.envs.looptune.text import read, tree, write

MOVES_ENTRIES = 50_000


class LoopTune(Problem[LoopState]):
    """Choose the loop nest that computes a contraction fastest.

    ``backend`` prices nests in seconds per execution and fixes the target machine, whose vector width the action mask
    follows; ``action_set`` is ``"looptune"`` (LoopTune's 7 actions) or ``"extended"`` (18).
    """

    name = "looptune"
    unit = "seconds"
    max_steps = 10

    def __init__(
        self, backend: Backend, action_set: str = "looptune", datasets: Mapping[str, Dataset] = DATASETS
    ) -> None:
        super().__init__()
        self.backend = backend
        self.actions = choose(ACTION_SETS, action_set, "action_set")
        self.n_actions = len(self.actions)
        self.deterministic = backend.deterministic
        self.datasets = datasets
        self._known_moves: Memo[LoopState, tuple[LoopState | str, ...]] = Memo(MOVES_ENTRIES)

    def _moves(self, state: LoopState) -> tuple[LoopState | str, ...]:
        """For each action the next state, or why there is none; memoised."""
        moves = self._known_moves.get(state)
        if moves is None:
            if state.stopped:
                moves = ("the episode has been stopped",) * self.n_actions
            else:
                moves = tuple(action.move(state, self.backend.target) for action in self.actions)
            self._known_moves.put(state, moves)
        return moves

    def initial(self, instance: str) -> LoopState:
        return LoopState(default_nest(parse(instance)))

    def why_illegal(self, state: LoopState, action: int) -> str:
        if not 0 <= action < self.n_actions:
            return f"there is no action {action}; allowed: 0 to {self.n_actions - 1}"
        move = self._moves(state)[action]
        return move if isinstance(move, str) else ""

    def apply(self, state: LoopState, action: int) -> LoopState:
        if not 0 <= action < self.n_actions:
            raise IllegalAction(self.why_illegal(state, action))
        move = self._moves(state)[action]
        if isinstance(move, str):
            raise IllegalAction(f"{self.describe(action)}: {move}")
        return move

    def legal(self, state: LoopState) -> NDArray[np.bool_]:
        return np.array([not isinstance(move, str) for move in self._moves(state)])

    def is_terminal(self, state: LoopState) -> bool:
        return state.stopped

    def evaluate(self, state: LoopState) -> float:
        return self.backend.seconds(state.nest)

    def cost_key(self, state: LoopState) -> Hashable:
        return state.nest

    def careful(self) -> Self:
        clone = self.fresh()
        clone.backend = self.backend.careful()
        return clone

    def bound(self, instance: str) -> float:
        return parse(instance).flops / self.backend.peak_flops()

    def gflops(self, state: LoopState) -> float:
        """Speed of a nest, 10^9 floating-point operations per second."""
        return state.nest.contraction.flops / self.cost(state) / 1e9

    def describe(self, action: int) -> str:
        return self.actions[action].name

    def show(self, state: LoopState) -> str:
        return tree(state)

    def listing(self, state: LoopState) -> str:
        return pseudocode(state.nest, self.backend.target)

    def encode(self, state: LoopState) -> str:
        return write(state)

    def decode(self, text: str) -> LoopState:
        return read(text)

    def check_semantics(self, state: LoopState, seed: int) -> None:
        self.backend.check(state.nest, seed)

    def heuristic(self, instance: str) -> Sequence[int]:
        from gymcc.envs.looptune.heuristic import register_tile_actions

        return register_tile_actions(self, instance)

    def reference(self, name: str, instance: str) -> float:
        return self.backend.reference(name, parse(instance))

    def figures(self, state: LoopState) -> dict[str, float]:
        return {"gflops": self.gflops(state)}

    def versions(self) -> dict[str, str]:
        return self.backend.versions()
