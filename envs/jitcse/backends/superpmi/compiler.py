"""RyuJIT itself behind the interface that the embedded JIT and LLVM have: methods of a collection, real prices."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from gymcc.envs.core.problem import BackendError, UnknownInstance
from gymcc.envs.jitcse.analysis import Candidate, Choice, Score
from gymcc.envs.jitcse.backends.superpmi import candidates as described
from gymcc.envs.jitcse.backends.superpmi.cache import Cache, Progress
from gymcc.envs.jitcse.backends.superpmi.client import RETRIES, SECONDS, Client
from gymcc.envs.jitcse.backends.superpmi.corpus import INSTALL, locate
from gymcc.envs.jitcse.backends.superpmi.errors import WrongJit
from gymcc.envs.jitcse.backends.superpmi.methods import Methods, survey
from gymcc.envs.jitcse.backends.superpmi.pool import Pool
from gymcc.envs.jitcse.backends.superpmi.report import Heuristic, Hook, Report, Tail
from gymcc.envs.jitcse.backends.superpmi.requests import request
from gymcc.envs.jitcse.backends.superpmi.selection import Filter

T = TypeVar("T")
STOCK = "Standard CSE Heuristic"
KEPT = 20_000  # reports kept in memory, a few kilobytes each
_INSTANCE = re.compile(r"spmi/([1-9][0-9]{0,8})")


def _decisions(tail: Tail) -> tuple[int, ...]:
    """What a heuristic of the JIT's own keeps, counted from 0."""
    return tuple(number - 1 for number in tail.sequence) if isinstance(tail, Heuristic) else ()


def instance_of(index: int) -> str:
    """The id of a method of the collection."""
    return f"spmi/{index}"


class SuperPMI:
    """Prices choices by what a live RyuJIT makes of them.

    Raises ``BadCorpus`` at once where the files are missing or do not fit, ``WrongJit`` with the first question to a
    JIT that cannot answer, and ``MethodUnusable`` for a method that fails, then and ever after. Copies in other
    processes start their own JIT. Thread-safe.
    """

    name = "superpmi"
    deterministic = True

    def __init__(
        self,
        core_root: str | Path | None = None,
        collection: str | Path | None = None,
        *,
        jit: str = "",
        processes: int = 1,
        seconds: float = SECONDS,
        retries: int = RETRIES,
        cache: str | Path | None = None,
        variables: Mapping[str, str] = os.environ,
    ) -> None:
        """See :func:`~.corpus.locate`; ``seconds`` are for one compilation, ``cache`` is the folder of the caches."""
        self.corpus = locate(core_root, collection, jit, variables)
        self.pool = Pool(self.corpus, processes, seconds, retries)
        self.cache = Cache(self.corpus, Path(cache) if cache else None)
        self.methods: Methods | None = None
        self._works = False  # the JIT has been seen to answer
        self._forget()

    @property
    def quarantined(self) -> dict[int, str]:
        """Methods that are not asked for any more, and why."""
        return dict(self.pool.quarantined)

    def survey(self, accept: Filter | None = None, progress: Progress | None = None) -> Methods:
        """Compile the whole collection once, or read what is known of it; from then on only its methods are instances.

        See :func:`~.methods.survey`.
        """
        self._check_jit()
        self.methods = survey(self.pool, self.cache, accept, progress)
        self.pool.quarantined.update(self.methods.failed)
        return self.methods

    def close(self) -> None:
        """End the processes; another question starts them anew."""
        self.pool.close()

    # What a compiler is asked

    def candidates(self, instance: str) -> Sequence[Candidate]:
        """The method's common subexpressions, without the trees they stand for."""
        return self._candidates(self._index(instance))

    def features(self, instance: str) -> Sequence[Mapping[str, int]]:
        """For each candidate what the JIT reports with no CSE performed, under the names of all versions."""
        return self._features(self._index(instance))

    def method_features(self, instance: str, choice: Choice) -> Mapping[str, int]:
        """What the JIT reports of the whole method; empty before the 2026 branch."""
        tail = self._report(self._index(instance), choice).tail
        assert isinstance(tail, Hook)
        return dict(zip(tail.method_names, tail.method, strict=True))

    def score(self, instance: str, choice: Choice) -> Score:
        """The price of the code with the candidates of ``choice``."""
        return described.score(self._report(self._index(instance), choice))

    def heuristic(self, instance: str) -> Sequence[int]:
        """The candidates that the JIT's own heuristic keeps, in its order."""
        return self._stock(self._index(instance))

    def linear(self, instance: str) -> Sequence[int]:
        """The candidates that the JIT's learned policy keeps, in its order; raises WrongJit where it has none."""
        index = self._index(instance)
        tail = self._ask(index, lambda client: client.ask(request(index, JitMetrics=1, JitRLCSEGreedy=1))).tail
        if isinstance(tail, Heuristic) and tail.name == STOCK:
            raise WrongJit(f"{self.corpus.jit} has no linear policy (JitRLCSEGreedy); .NET 9 and later have: {INSTALL}")
        return _decisions(tail)

    def best(self, instance: str) -> tuple[Choice, bool] | None:
        """Nobody knows."""
        return None

    def check(self, instance: str, choice: Choice, seed: int) -> None:
        """Compile once more; superpmi never runs a method, so what is checked is that the JIT says the same again."""
        index = self._index(instance)
        known, again = (described.score(each(index, choice)) for each in (self._report, self._hooked))
        if known != again:
            raise BackendError(f"{instance} with {sorted(choice)} kept: the JIT said {known} and then {again}")

    def listing(self, instance: str, choice: Choice) -> str:
        """The machine code, as the JIT disassembles it."""
        index = self._index(instance)
        asked = request(index, JitMetrics=1, JitDisasm="*", JitRLHook=1, JitRLHookCSEDecisions=sorted(choice))
        return "\n".join(self._ask(index, lambda client: client.reply(asked)).said)

    def failures(self) -> dict[str, str]:
        """Methods that are not asked for any more, and why."""
        return {instance_of(index): self.pool.quarantined[index] for index in sorted(self.pool.quarantined)}

    def versions(self) -> dict[str, str]:
        """Names what prices depend on."""
        return self.corpus.versions()

    # How it is answered

    def _index(self, instance: str) -> int:
        found = _INSTANCE.fullmatch(instance)
        if found is None:
            raise UnknownInstance(f"{instance!r} is no method of a collection; write spmi/N, N from 1")
        index = int(found[1])
        if self.methods and index not in self.methods.no_cse:
            why = self.methods.failed.get(index, "it has no such method")
            raise UnknownInstance(f"{instance} of {self.corpus.collection.name}: {why}")
        return index

    def _forget(self) -> None:
        self._report = lru_cache(KEPT)(self._hooked)
        self._candidates = lru_cache(KEPT)(lambda index: described.candidates(self._report(index, frozenset())))
        self._features = lru_cache(KEPT)(lambda index: described.features(self._report(index, frozenset())))
        self._stock = lru_cache(KEPT)(self._chosen)

    def _hooked(self, index: int, choice: Choice) -> Report:
        return self._ask(index, lambda client: client.hook(index, sorted(choice)))

    def _chosen(self, index: int) -> tuple[int, ...]:
        return _decisions(self._ask(index, lambda client: client.stock(index)).tail)

    def _ask(self, index: int, work: Callable[[Client], T]) -> T:
        self._check_jit()
        return self.pool.ask(index, work)

    def _check_jit(self) -> None:
        if not self._works:
            self.pool.borrow(Client.check)
            self._works = True

    def __getstate__(self) -> dict[str, Any]:
        memos = ("_report", "_candidates", "_features", "_stock")
        return {name: value for name, value in self.__dict__.items() if name not in memos}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()
