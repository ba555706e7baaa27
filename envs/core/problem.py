"""The contract between a compiler-optimisation problem and everything that works on it.

A :class:`Problem` is a deterministic decision process over frozen, hashable states. It knows nothing of rewards,
observations, budgets or agents, and imports neither gymnasium, torch nor ray, so that a search, a cost model or a
verifier needs nothing else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from copy import copy
from math import nan
from pathlib import Path
from random import Random
from typing import Any, ClassVar, Generic, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from gymcc.envs.core.dataset import Dataset
from gymcc.envs.core.memo import Memo
from gymcc.envs.core.own import OwnProgram

S = TypeVar("S", bound=Hashable)
MEMO_ENTRIES = 200_000
Price = Callable[[Sequence[int]], float]  # the cost that decisions from the start lead to; counted, may end the search
Rule = Callable[[str, Price, Random], tuple[Sequence[int], bool]]  # an instance's decisions, and whether proven best


class IllegalAction(ValueError):
    """An action was applied that the state does not allow; the message says why."""


class UnknownInstance(ValueError):
    """An instance id that is malformed or not in the dataset it names; the message says what is allowed."""


class BackendError(RuntimeError):
    """The cost back end failed on a state (crash, time-out, wrong result); ends an episode, never a training run."""


class Problem(ABC, Generic[S]):
    """One compiler-optimisation problem; see the abstract methods for what an environment must say of itself.

    States are values: ``apply`` returns a new one, so that copying is sharing. ``cost`` is evaluated when asked for
    and memoised under :meth:`cost_key`; :meth:`fresh` gives the same problem with an empty memo, for fair comparisons.
    """

    name: ClassVar[str]  # "looptune"
    unit: ClassVar[str]  # of cost, e.g. "seconds"
    n_actions: int
    max_steps: int  # decisions in an episode; searches are held to the same depth
    unordered: ClassVar[bool] = False  # True: the decisions but the last are a set, their order makes no difference
    last_counts: ClassVar[bool] = False  # True: one may stop at will, so comparisons count the last state, not the best
    deterministic: bool  # False: costs are measured and vary between processes
    datasets: Mapping[str, Dataset]

    def __init__(self) -> None:
        self.memo: Memo[Hashable, float] = Memo(MEMO_ENTRIES)

    # The decision process

    @abstractmethod
    def initial(self, instance: str) -> S:
        """The start state of an instance id; raises :class:`UnknownInstance`."""

    @abstractmethod
    def why_illegal(self, state: S, action: int) -> str:
        """Why ``action`` cannot be applied in ``state``, in a sentence; empty if it can."""

    @abstractmethod
    def apply(self, state: S, action: int) -> S:
        """The state after ``action``. Pure. Raises :class:`IllegalAction` with :meth:`why_illegal`'s reason."""

    @abstractmethod
    def is_terminal(self, state: S) -> bool:
        """Whether no decision is left, the step limit aside."""

    def legal(self, state: S) -> NDArray[np.bool_]:
        """Which actions ``apply`` accepts, bool ``(n_actions,)``; a fresh array."""
        return np.fromiter((not self.why_illegal(state, a) for a in range(self.n_actions)), np.bool_, self.n_actions)

    # Cost

    @abstractmethod
    def evaluate(self, state: S) -> float:
        """Compute the cost of ``state`` anew, in :attr:`unit`; lower is better. Raises :class:`BackendError`."""

    def cost_key(self, state: S) -> Hashable:
        """What of a state decides its cost; states with equal keys share one evaluation."""
        return state

    def cost(self, state: S) -> float:
        """Memoised :meth:`evaluate`."""
        key = self.cost_key(state)
        value = self.memo.get(key)
        if value is None:
            value = self.evaluate(state)
            self.memo.put(key, value)
        return value

    def bound(self, instance: str) -> float:
        """A lower bound of the cost over all states of an instance, nan where none is known."""
        return nan

    def careful(self) -> Self:
        """A fresh problem for prices that decide a comparison; measured costs may take longer here."""
        return self.fresh()

    def fresh(self) -> Self:
        """The same problem with an empty memo."""
        clone = copy(self)
        clone.memo = Memo(MEMO_ENTRIES)
        return clone

    # Text

    @abstractmethod
    def describe(self, action: int) -> str:
        """The action's name; :meth:`parse` reads it back."""

    @abstractmethod
    def show(self, state: S) -> str:
        """The state for people, several lines."""

    def picture(self, state: S) -> NDArray[np.uint8]:
        """The state as an image, uint8 (height, width, 3); raises ImportError without Pillow."""
        from gymcc.envs.core.render import text_image

        return text_image(self.show(state))

    def listing(self, state: S) -> str:
        """The code that a state stands for, for people; empty where there is none. Raises :class:`BackendError`."""
        return ""

    def decided(self, state: S) -> Sequence[Mapping[str, Any]]:
        """What has been decided and where, a row of equal keys for each decision; empty where actions say it all.

        ``changed`` in a row tells whether the compiler would have done something else unasked.
        """
        return ()

    def save(self, state: S, folder: Path) -> Sequence[Path]:
        """Write the program as decided into a folder; the files written. Raises ValueError, :class:`BackendError`."""
        raise ValueError(f"{self.name} writes no programs")

    @abstractmethod
    def encode(self, state: S) -> str:
        """The state as one string that :meth:`decode` reads back, for records and other processes."""

    @abstractmethod
    def decode(self, text: str) -> S:
        """Inverse of :meth:`encode`; raises ValueError."""

    def parse(self, text: str) -> int:
        """The action of that name; raises ValueError naming the allowed ones."""
        names = [self.describe(action) for action in range(self.n_actions)]
        if text not in names:
            raise ValueError(f"unknown action {text!r}; allowed: {', '.join(names)}")
        return names.index(text)

    # What a verifier and a comparison ask for

    def check_semantics(self, state: S, seed: int) -> None:
        """Run what ``state`` stands for on random inputs; raises :class:`BackendError` if it computes anything else."""
        raise NotImplementedError(f"{self.name} does not say how to check semantics")

    def heuristic(self, instance: str) -> Sequence[int]:
        """The decisions of the compiler's own heuristic (or an expert's rule of thumb), at most ``max_steps``."""
        raise NotImplementedError(f"{self.name} has no heuristic")

    def rules(self) -> Mapping[str, Rule]:
        """Further baselines by name, for searches and comparisons to run beside :meth:`heuristic`."""
        return {}

    def solution(self, instance: str) -> Sequence[int] | None:
        """The decisions of the best solution known, None where nobody has looked for one: labels for imitation."""
        return None

    def heuristic_cost(self, instance: str) -> float:
        """Cost of the state that :meth:`heuristic` leads to."""
        state = self.initial(instance)
        for action in self.heuristic(instance):
            state = self.apply(state, action)
        return self.cost(state)

    def facts(self, instance: str) -> dict[str, float | bool]:
        """What else is known of an instance, for ``info``: e.g. the best known cost and whether it is proven best."""
        return {}

    def remarks(self, state: S) -> dict[str, float | bool]:
        """What else ``info`` says of a state, e.g. how many options there are no actions for."""
        return {}

    def reference(self, name: str, instance: str) -> float:
        """Cost of the same work done by a named outside tool, e.g. numpy; raises ValueError naming the known ones."""
        raise ValueError(f"unknown reference {name!r}; {self.name} has none")

    def figures(self, state: S) -> dict[str, float]:
        """Other figures of a state that people want to read beside its cost, e.g. gflops."""
        return {}

    def caveat(self, instance: str) -> str:
        """What to say before time is spent on an instance, e.g. that it can have no solution; mostly empty."""
        return ""

    def landscape(self, instances: Sequence[str]) -> dict[str, Any]:
        """For a dataset's card: what else there is to say of how hard these instances are."""
        return {}

    def failures(self) -> dict[str, str]:
        """Instances that have turned out to be unusable, and why: a live compiler fails on them."""
        return {}

    def versions(self) -> dict[str, str]:
        """What a record must name besides GymCC's version for its costs to be comparable (back end, target, tools)."""
        return {}

    # Instances

    @classmethod
    def programs(cls, paths: Sequence[Path], options: Mapping[str, Any]) -> Sequence[OwnProgram]:
        """The programs that lie at ``paths``, for an environment of ``options``; raises ValueError."""
        raise ValueError(f"{cls.name} takes no programs of one's own")

    def resolve(self, uri: str) -> str:
        """The instance id behind ``uri``: an id, or ``<problem>/<dataset>/<id>`` with an id of that dataset."""
        if not isinstance(uri, str):
            raise UnknownInstance(f"an instance is named by text, got {uri!r}")
        name = next((name for name in self.datasets if uri.startswith(f"{name}/")), None)
        if name is None:
            return self._known(uri)
        instance = uri[len(name) + 1 :]
        if instance not in self.datasets[name]:
            raise UnknownInstance(f"{instance!r} is not in dataset {name!r} ({len(self.datasets[name])} instances)")
        return instance

    def _known(self, instance: str) -> str:
        try:
            self.initial(instance)
        except UnknownInstance as error:
            head = instance.rpartition("/")[0]
            if not head.startswith(f"{self.name}/"):
                raise
            known = ", ".join(sorted(self.datasets))
            raise UnknownInstance(f"unknown dataset {head!r} in {instance!r}; known: {known}") from error
        return instance


def checked_action(problem: Problem[S], state: S, action: int) -> None:
    """Raise :class:`IllegalAction` unless ``action`` can be applied: the first line of an ``apply``."""
    if reason := problem.why_illegal(state, action):
        raise IllegalAction(reason)
