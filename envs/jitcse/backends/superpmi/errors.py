"""What can go wrong between a live JIT and us, each with what to do about it."""

from __future__ import annotations

from gymcc.envs.core.problem import BackendError


class BadCorpus(ValueError):
    """CORE_ROOT or the collection is missing, or they do not fit; the message says how to mend it."""


class WrongJit(BackendError):
    """The JIT is no build that answers: a release build, or one from before .NET 9."""


class MethodUnusable(BackendError):
    """One method cannot be used; training goes on without it."""

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(index, reason)  # so that the error can be pickled
        self.index, self.reason = index, reason

    def __str__(self) -> str:
        return f"method {self.index} of the collection: {self.reason}"


class MethodFailed(MethodUnusable):
    """The JIT does not compile the method."""


class Unanswered(MethodUnusable):
    """superpmi crashed, hung or talked nonsense over the method, each time it was asked."""


class Quarantined(MethodUnusable):
    """The method failed before and is not asked for again."""
