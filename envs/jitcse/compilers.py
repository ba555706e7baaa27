"""The compilers that price a choice: one interface for the embedded JIT, LLVM and a live SuperPMI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

from gymcc.envs.core.problem import BackendError
from gymcc.envs.jitcse.analysis import Analysis, Candidate, Choice, Score
from gymcc.envs.jitcse.frontend import analyse, perform
from gymcc.envs.jitcse.library import Library
from gymcc.envs.jitcse.policies import Machine, linear_order, mlcse_features, stock_order
from gymcc.envs.jitcse.policies.features import features2026, hook_features, method_features
from gymcc.envs.jitcse.policies.linear import Array
from gymcc.envs.jitcse.policies.pressure import pressure

PREPARED = 20_000  # methods kept analysed

SEARCHED = {"embedded_jit": "1", "arch": "x64"}  # versions of the compiler that the best known sets are of
CACHES = ("analysis", "_prepared", "_pressure", "_stock")
Row = Mapping[str, int]


class Compiler(Protocol):
    """What is asked of a compiler. ``instance`` is a method's id; unknown ones raise UnknownInstance."""

    def candidates(self, instance: str) -> Sequence[Candidate]:
        """The method's common subexpressions."""

    def features(self, instance: str) -> Sequence[Row]:
        """For each candidate the features that the compiler reports, under RyuJIT's names."""

    def method_features(self, instance: str, choice: Choice) -> Row:
        """What the compiler reports of the whole method, under RyuJIT's names; may be empty."""

    def score(self, instance: str, choice: Choice) -> Score:
        """The code's price when the candidates of ``choice`` are kept; raises BackendError."""

    def heuristic(self, instance: str) -> Sequence[int]:
        """The candidates that the compiler's own heuristic keeps, in its order."""

    def linear(self, instance: str) -> Sequence[int]:
        """The candidates that RyuJIT's learned linear policy keeps, in its order; raises BackendError."""

    def best(self, instance: str) -> tuple[Choice, bool] | None:
        """The best known choice and whether it is proven best; None if nobody has looked."""

    def check(self, instance: str, choice: Choice, seed: int) -> None:
        """Run the method with and without the choice on random inputs; raises BackendError at the first difference."""

    def listing(self, instance: str, choice: Choice) -> str:
        """The code, for people."""

    def failures(self) -> dict[str, str]:
        """Methods that cannot be compiled, and why."""

    def versions(self) -> dict[str, str]:
        """Names what prices depend on."""


class Backend(Protocol):
    """A code generator for analysed methods: the embedded JIT or LLVM."""

    def prepare(self, analysis: Analysis) -> Any:
        """What of a method is the same for every choice."""

    def score(self, prepared: Any, choice: Choice) -> Score:
        """The price of the code for a choice."""

    def listing(self, prepared: Any, choice: Choice) -> str:
        """The code, for people."""

    def versions(self) -> dict[str, str]:
        """Names what prices depend on."""


class LocalCompiler:
    """Our front end before a back end of this process. Copies share what has been prepared."""

    def __init__(self, library: Library, backend: Backend, machine: Machine) -> None:
        self.library, self.backend, self.machine = library, backend, machine
        self._forget()

    def _forget(self) -> None:
        self.analysis = lru_cache(PREPARED)(self._analysed)
        self._prepared = lru_cache(PREPARED)(lambda instance: self.backend.prepare(self.analysis(instance)))
        self._pressure = lru_cache(PREPARED)(lambda instance: pressure(self.analysis(instance), self.machine))
        self._stock = lru_cache(PREPARED)(lambda instance: tuple(stock_order(self.analysis(instance), self.machine)))

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in CACHES}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()  # another process starts anew

    def _analysed(self, instance: str) -> Analysis:
        return analyse(self.library.method(instance))

    def candidates(self, instance: str) -> Sequence[Candidate]:
        return self.analysis(instance).candidates

    def features(self, instance: str) -> Sequence[Row]:
        analysis = self.analysis(instance)
        return [{**old, **new} for old, new in zip(hook_features(analysis), features2026(analysis), strict=True)]

    def method_features(self, instance: str, choice: Choice) -> Row:
        return method_features(self.analysis(instance), self.machine, choice, found=self._pressure(instance))

    def mlcse_features(self, instance: str, choice: Choice) -> Array:
        """The 25 features of RyuJIT's linear policy, float ``(candidates + 1, 25)``, stop last."""
        return mlcse_features(self.analysis(instance), choice, self.machine, self._pressure(instance))

    def score(self, instance: str, choice: Choice) -> Score:
        return self.backend.score(self._prepared(instance), choice)

    def heuristic(self, instance: str) -> Sequence[int]:
        return self._stock(instance)  # every reset tells its cost

    def linear(self, instance: str) -> Sequence[int]:
        return linear_order(self.analysis(instance), machine=self.machine)

    def best(self, instance: str) -> tuple[Choice, bool] | None:
        """The frozen methods have been searched with one compiler alone; what is best there need not be elsewhere."""
        return self.library.best(instance) if self.versions().items() >= SEARCHED.items() else None

    def check(self, instance: str, choice: Choice, seed: int) -> None:
        from gymcc.envs.jitcse.interpreter import EffectsDiffer, same_effects

        try:
            same_effects(self.library.method(instance), perform(self.analysis(instance), choice), (seed,))
        except EffectsDiffer as error:
            raise BackendError(f"{instance} with {sorted(choice)} kept does something else: {error}") from error

    def listing(self, instance: str, choice: Choice) -> str:
        return self.backend.listing(self._prepared(instance), choice)

    def failures(self) -> dict[str, str]:
        return {}

    def versions(self) -> dict[str, str]:
        return self.backend.versions()
