"""What every search looks through: it prices states, keeps to the budget and remembers the best."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from math import inf
from time import perf_counter
from typing import Generic, TypeVar

from gymcc.agents.search.budget import Budget
from gymcc.envs.core.problem import BackendError, Problem

S = TypeVar("S", bound=Hashable)
Progress = Callable[[int, float, float], None]  # evaluations, seconds, best cost so far


class Exhausted(Exception):
    """The budget has ended; unwinds whatever loop a search is in."""


@dataclass(frozen=True, slots=True)
class Node(Generic[S]):
    """A state with the decisions that led there and its cost (inf if the back end failed on it)."""

    state: S
    actions: tuple[int, ...]
    cost: float


class Meter(Generic[S]):
    """Prices the states of one instance for one search.

    An evaluation is a cost that was not in ``problem``'s memo; a state on which the back end fails counts as one and
    costs inf. The start state is free. :class:`Exhausted` is raised when one more evaluation would exceed the budget,
    and by any call after the time is up, so that a search that finds nothing new ends as well.
    """

    def __init__(
        self,
        problem: Problem[S],
        instance: str,
        budget: Budget,
        on_progress: Progress | None = None,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self.problem, self.instance, self.budget = problem, instance, budget
        self._on_progress, self.clock, self._began = on_progress, clock, clock()
        self.failed: dict[Hashable, str] = {}  # states that have no price, and why
        self.evaluations = 0
        self.idle = 0  # prices asked for since the last evaluation
        state = problem.initial(instance)
        self.start = self.best = Node(state, (), problem.cost(state))
        self.curve = [(0, self.seconds, self.start.cost)]

    @property
    def seconds(self) -> float:
        """Wall time since the search began."""
        return self.clock() - self._began

    @property
    def spent(self) -> float:
        """The part of the budget used up, 0 to 1."""
        return self.budget.spent(self.evaluations, self.seconds)

    def check_time(self) -> None:
        """Raise :class:`Exhausted` if the time is up; for loops that ask for no price."""
        if self.budget.seconds is not None and self.seconds >= self.budget.seconds:
            raise Exhausted

    def price(self, state: S, actions: tuple[int, ...]) -> Node[S]:
        """The node of ``state``, reached by ``actions``; may be the new best."""
        self.check_time()
        key = self.problem.cost_key(state)
        if key in self.failed:
            return Node(state, actions, inf)
        self.idle += 1
        if self.problem.memo.get(key) is not None:
            return Node(state, actions, self.problem.cost(state))
        if self.evaluations == self.budget.evaluations:
            raise Exhausted
        node = Node(state, actions, self._evaluate(state, key))
        self._note(node)
        return node

    def _evaluate(self, state: S, key: Hashable) -> float:
        self.evaluations += 1
        self.idle = 0
        try:
            return self.problem.cost(state)
        except BackendError as error:
            self.failed[key] = str(error)
            return inf

    def _note(self, node: Node[S]) -> None:
        if node.cost < self.best.cost:
            self.best = node
            self.curve.append((self.evaluations, self.seconds, node.cost))
        if self._on_progress is not None:
            self._on_progress(self.evaluations, self.seconds, self.best.cost)

    def legal(self, node: Node[S]) -> list[int]:
        """The actions open at a node, in order; none at a terminal state, the step limit, or where a live back end
        fails to tell what can be done.
        """
        self.check_time()
        try:
            if len(node.actions) >= self.problem.max_steps or self.problem.is_terminal(node.state):
                return []
            return [int(action) for action in self.problem.legal(node.state).nonzero()[0]]
        except BackendError:
            return []

    def step(self, node: Node[S], action: int) -> Node[S]:
        """The priced node behind one legal action."""
        return self.price(self.problem.apply(node.state, action), (*node.actions, action))

    def children(self, node: Node[S]) -> Iterator[Node[S]]:
        """The priced nodes behind all legal actions, in the actions' order."""
        return (self.step(node, action) for action in self.legal(node))

    def price_path(self, node: Node[S]) -> None:
        """Price the states on the way to ``node``; as good and sooner there is better."""
        state = self.start.state
        for number, action in enumerate(node.actions[:-1], 1):
            state = self.problem.apply(state, action)
            earlier = self.price(state, node.actions[:number])
            if earlier.cost == self.best.cost and number < len(self.best.actions):
                self.best = earlier
