"""Request lines of superpmi's streaming mode: ``<index>{!<Option>=<Value>}``.

Traps of the protocol that this module keeps its callers from: integers are read as hexadecimal but lists as decimal, a
value can hold no ``!`` or line end, a line has at most 2,047 bytes, and an option that cannot be read gets no reply.
Source: ``streamingsuperpmi.cpp``, ``jitconfigvalues.h``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import isfinite
from typing import Any

MAX_LINE = 2047  # bytes, line end included
Value = int | str | Iterable[int] | Iterable[float]


@dataclass(frozen=True, slots=True)
class Request:
    """Compile method ``index`` (from 1) with options."""

    index: int
    options: tuple[tuple[str, str], ...] = ()

    def line(self) -> str:
        """The line, without its end."""
        return "!".join([str(self.index), *(f"{name}={value}" for name, value in self.options)])


def request(index: int, **options: Value) -> Request:
    """A request with options by the JIT's names, e.g. ``request(17, JitMetrics=1, JitReplayCSE=[3, 1])``.

    Raises ValueError for an unknown option, a value of the wrong kind or a line that is too long.
    """
    if index < 1:
        raise ValueError(f"methods of a collection are numbered from 1, got {index}")
    made = Request(index, tuple((name, _formatted(name, value)) for name, value in options.items()))
    if (size := len(made.line().encode()) + 1) > MAX_LINE:
        raise ValueError(f"a request line of {size} bytes; superpmi reads {MAX_LINE}")
    return made


def stock(index: int) -> Request:
    """Have the JIT's own heuristic decide."""
    return request(index, JitMetrics=1)


def hook(index: int, choice: Iterable[int], names: bool = False) -> Request:
    """Perform the candidates of ``choice`` (positions from 0, in that order) and describe all of them."""
    asked: dict[str, Value] = {"JitRLHookEmitFeatureNames": 1} if names else {}
    return request(index, JitMetrics=1, JitRLHook=1, **asked, JitRLHookCSEDecisions=choice)


def _hexadecimal(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int) or value < -1:
        raise ValueError(f"an integer from -1, got {value!r}")
    return format(value & 0xFFFFFFFF if value < 0 else value, "x")


def _decimals(value: Any) -> str:
    numbers = list(value)
    if any(isinstance(number, bool) or not isinstance(number, int) or number < 0 for number in numbers):
        raise ValueError(f"a list of integers from 0, got {numbers!r}")
    return ",".join(map(str, numbers))


def _reals(value: Any) -> str:
    numbers = [float(number) for number in value]
    if not all(map(isfinite, numbers)):
        raise ValueError(f"a list of finite numbers, got {numbers!r}")
    return ",".join(repr(number).removesuffix(".0") for number in numbers)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.isprintable() or "!" in value:
        raise ValueError(f"printable text without `!`, got {value!r}")
    return value


KINDS: dict[str, Callable[[Any], str]] = {
    "JitMetrics": _hexadecimal,  # the report line
    "JitStdOutFile": _text,  # where the report lines go instead
    "JitDump": _text,
    "JitDisasm": _text,  # for which methods to print the code; `*` for all
    # Decisions from outside
    "JitRLHook": _hexadecimal,
    "JitRLHookEmitFeatureNames": _hexadecimal,
    "JitRLHookEmitEarly": _hexadecimal,  # 2026 branch: features as of the CSE phase, not of code generation
    "JitRLHookCSEDecisions": _decimals,  # positions from 0
    "JitReplayCSE": _decimals,  # numbers from 1
    "JitRandomCSE": _hexadecimal,  # salt
    "JitCSEHash": _hexadecimal,  # the method that JitCSEMask is for; 0 all, -1 none
    "JitCSEMask": _hexadecimal,
    "JitConstCSE": _hexadecimal,
    # The linear policy in the JIT
    "JitRLCSE": _reals,  # 25 weights, missing ones 0
    "JitRLCSEAlpha": _reals,
    "JitRLCSEGreedy": _hexadecimal,
    "JitRLCSECandidateFeatures": _hexadecimal,
    "JitRLCSEVerbose": _hexadecimal,
    "JitReplayCSEReward": _reals,
    # The network in the JIT (2026 branch)
    "JitCseImitation": _hexadecimal,
    "JitCseImitationThreshold": _text,
}


def _formatted(name: str, value: Value) -> str:
    kind = KINDS.get(name)
    if kind is None:
        raise ValueError(f"unknown JIT option {name!r}; known: {', '.join(KINDS)}")
    try:
        return kind(value)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{name} takes {error}") from None
