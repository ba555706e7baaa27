"""What superpmi says of one compilation: the report line of ``JitMetrics=1`` as values.

Sources: ``Compiler::compCompile*`` and ``CSE_Heuristic*::DumpMetrics`` of dotnet/runtime (``src/coreclr/jit``), and the
2026 branch of jitml for the rows of :class:`Hook` that describe the method.
"""

from __future__ import annotations

from dataclasses import dataclass

SATURATED = 2**31 - 1  # what an overflowed (negative) feature stands for: more than an int holds


@dataclass(frozen=True, slots=True)
class Heuristic:
    """A heuristic of the JIT's own decided: the standard one, random, replay, or the linear policy in greedy mode."""

    name: str  # "Standard CSE Heuristic"
    sequence: tuple[int, ...] = ()  # candidates performed in order, from 1, without the closing 0


@dataclass(frozen=True, slots=True)
class Sampled:
    """The linear policy drew its decisions from a softmax."""

    sequence: tuple[int, ...]
    likelihoods: tuple[float, ...]  # of each decision when it was taken, the stop included
    base_likelihoods: tuple[tuple[int, float], ...]  # at the start: candidate from 1, or 0 for stop, and likelihood


@dataclass(frozen=True, slots=True)
class Update:
    """The linear policy replayed a sequence and moved its weights along the gradient."""

    sequence: tuple[int, ...]
    parameters: tuple[float, ...]  # 25, after the update
    features: str = ""  # rows of features as printed, where asked for


@dataclass(frozen=True, slots=True)
class Hook:
    """``JitRLHook``: the decisions came from outside, and the candidates are described.

    Names are there only where asked for; :class:`~.client.Client` fills them in.
    """

    features: tuple[tuple[int, ...], ...]  # (candidates, features), non-negative
    sequence: tuple[int, ...] = ()  # decisions as sent, positions from 0
    feature_names: tuple[str, ...] = ()
    method: tuple[int, ...] = ()  # the 2026 branch's row on the method
    method_names: tuple[str, ...] = ()


Tail = Heuristic | Sampled | Update | Hook | None


@dataclass(frozen=True, slots=True)
class Report:
    """One report line."""

    index: int  # of the method in the collection, from 1; 0 where the JIT does not tell it
    name: str
    method_hash: str  # eight hexadecimal digits
    tier: str  # "Tier1", "FullOpts", "Instrumented Tier1", ...
    perf_score: float  # two decimals
    code_size: int  # bytes
    prolog_size: int
    instructions: int
    allocated: int  # bytes
    num_cse: int  # performed
    num_cand: int
    tail: Tail  # None: no CSE phase ran

    @property
    def rows(self) -> tuple[dict[str, int], ...]:
        """The features of each candidate by name; empty unless the tail is a :class:`Hook` with names."""
        if not isinstance(self.tail, Hook) or not self.tail.feature_names:
            return ()
        return tuple(dict(zip(self.tail.feature_names, row, strict=True)) for row in self.tail.features)
