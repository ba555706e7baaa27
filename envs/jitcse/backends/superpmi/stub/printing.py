"""The report line and its tails, as the JIT prints them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Facts:
    """What the report line says of any method."""

    index: int
    name: str
    method_hash: int
    tier: str
    code_size: int
    prolog_size: int
    perf_score: float
    instructions: int
    num_cse: int
    num_cand: int


def report(facts: Facts, tail: str) -> str:
    """The line of ``JitMetrics=1``; ``tail`` starts with a space unless it is empty."""
    return (
        f"; Total bytes of code {facts.code_size}, prolog size {facts.prolog_size}, "
        f"PerfScore {facts.perf_score:.2f}, instruction count {facts.instructions}, "
        f"allocated bytes for code {facts.code_size}, num cse {facts.num_cse} num cand {facts.num_cand}{tail} "
        f"spmi index {facts.index} (MethodHash={facts.method_hash:08x}) for method {facts.name} ({facts.tier})"
    )


def heuristic(name: str, order: Sequence[int]) -> str:
    """Decisions of a heuristic of the JIT; ``order`` counts from 0, what is printed from 1, closed by a 0."""
    return f" {name} seq {_closed(order)}"


def sampled(order: Sequence[int], likelihoods: Sequence[float], base: Sequence[tuple[int, float]]) -> str:
    """Decisions drawn by the linear policy; ``base`` has candidates from 0, -1 for stop."""
    flat = [number for option, likelihood in base for number in (option + 1, likelihood)]
    listed = f" likelihoods {_fixed(likelihoods, 3)} baseLikelihoods {_fixed(flat, 3)}"
    return f" RL Policy Gradient Stochastic seq {_closed(order)}{listed}"


def update(order: Sequence[int], weights: Sequence[float]) -> str:
    """A step of the linear policy's weights."""
    return f" RL Policy Gradient Update seq {_closed(order)} updatedparams {_fixed(weights, 6)}"


def hook(
    rows: Sequence[Mapping[str, int]], method: Mapping[str, int], sequence: Sequence[int], with_names: bool
) -> str:
    """Decisions from outside, as they were sent, and the candidates described; ``method`` may be empty."""
    words = []
    if with_names and rows:
        words += ["featureNames " + ",".join(rows[0])]
    if with_names and method:
        words += ["methodFeatureNames " + ",".join(method)]
    if method:
        words += ["method," + ",".join(map(str, method.values()))]
    words += [f"features #{number}," + ",".join(map(str, row.values())) for number, row in enumerate(rows, 1)]
    if sequence:
        words += ["seq " + ",".join(map(str, sequence))]
    return "".join(f" {word}" for word in words)


def candidate_features(index: int, rows: Sequence[Sequence[float]]) -> list[str]:
    """The lines of ``JitRLCSECandidateFeatures=1``; the last of ``rows`` is the option to stop, printed as #00."""
    numbers = [*range(1, len(rows)), 0]
    order = sorted(zip(numbers, rows, strict=True), key=lambda pair: pair[0])
    return [f"features,{index},CSE #{number:02d},{','.join(f'{x:7.4f}' for x in row)}" for number, row in order]


def _closed(order: Sequence[int]) -> str:
    return ",".join(str(number) for number in (*(candidate + 1 for candidate in order), 0))


def _fixed(numbers: Iterable[float], digits: int) -> str:
    return ",".join(f"{number:.{digits}f}" for number in numbers)
