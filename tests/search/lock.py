"""A toy problem with a hidden optimum, dead ends and a state on which the back end fails."""

from __future__ import annotations

from itertools import product

from gymcc.envs.core.problem import BackendError, Problem, checked_action

DIGITS = 3  # values of a digit


class Lock(Problem[tuple[int, ...]]):
    """Turn one of four wheels up by one, at most ``max_steps`` times; the cost of a combination is in ``table``."""

    name = "lock"
    unit = "seconds"
    n_actions = 4
    max_steps = 5
    deterministic = True

    def __init__(self, optimum=(1, 0, 2, 1), broken=(1, 1, 0, 0)):
        super().__init__()
        self.datasets = {}
        self.optimum, self.broken = optimum, broken
        self.evaluated = []

    def fresh(self):
        clone = super().fresh()
        clone.evaluated = []
        self.last = clone
        return clone

    def initial(self, instance):
        return (0,) * self.n_actions

    def why_illegal(self, state, action):
        return "" if state[action] < DIGITS - 1 else f"wheel {action} is at its end"

    def apply(self, state, action):
        checked_action(self, state, action)
        return (*state[:action], state[action] + 1, *state[action + 1 :])

    def is_terminal(self, state):
        return state == (2,) * self.n_actions

    def evaluate(self, state):
        self.evaluated.append(state)
        if state == self.broken:
            raise BackendError("stuck")
        if state == self.optimum:
            return 1.0
        return 5.0 + sum((3 * i + 7 * d) % 11 for i, d in enumerate(state)) / 10

    def describe(self, action):
        return f"turn{action}"

    def show(self, state):
        return str(state)

    def encode(self, state):
        return "".join(map(str, state))

    def decode(self, text):
        return tuple(map(int, text))

    def heuristic(self, instance):
        return (0, 0, 1)


def every_reachable(problem):
    """All states within the step limit, found by counting rather than by searching."""
    states = product(range(DIGITS), repeat=problem.n_actions)
    return [state for state in states if sum(state) <= problem.max_steps]
