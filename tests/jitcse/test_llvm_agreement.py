"""How far the LLVM back end ranks choices as the embedded one does: law 11, rank correlation."""

from __future__ import annotations

from itertools import combinations
from random import Random
from statistics import mean, median

import pytest
from scipy.stats import spearmanr

from gymcc.envs.jitcse.analysis import Analysis, Choice
from gymcc.envs.jitcse.backends.embedded import Embedded
from gymcc.envs.jitcse.frontend import analyse
from gymcc.envs.jitcse.generator import generate

llvm = pytest.importorskip("llvmlite.binding", reason="the llvm back end needs llvmlite: pip install gymcc[llvm]")
if not llvm.get_process_triple().startswith("x86_64"):
    pytest.skip("the llvm back end works on x86-64 hosts only", allow_module_level=True)

from gymcc.envs.jitcse.backends.llvm import Llvm  # noqa: E402

METHODS = 40
CHOICES = 16


def choices(analysis: Analysis, seed: int) -> list[Choice]:
    """All sets of the viable candidates, or as many random ones, none and all among them."""
    viable = [number for number, candidate in enumerate(analysis.candidates) if candidate.viable]
    if 2 ** len(viable) <= CHOICES:
        return [frozenset(each) for size in range(len(viable) + 1) for each in combinations(viable, size)]
    random, found = Random(seed), {frozenset[int](), frozenset(viable)}
    while len(found) < CHOICES:
        found.add(frozenset(number for number in viable if random.random() < 0.5))
    return sorted(found, key=sorted)


@pytest.fixture(scope="module")
def prices() -> list[tuple[list[float], list[float]]]:
    """For each of the first generated methods with two candidates and more the PerfScores by both back ends."""
    embedded, native = Embedded(), Llvm()
    found: list[tuple[list[float], list[float]]] = []
    seed = 0
    while len(found) < METHODS:
        analysis = analyse(generate(seed))
        if sum(candidate.viable for candidate in analysis.candidates) >= 2:
            pair = embedded.prepare(analysis), native.prepare(analysis)
            sets = choices(analysis, seed)
            found.append(
                (
                    [embedded.score(pair[0], each).perf_score for each in sets],
                    [native.score(pair[1], each).perf_score for each in sets],
                )
            )
        seed += 1
    return found


def test_both_back_ends_rank_choices_much_alike(prices: list[tuple[list[float], list[float]]]) -> None:
    ranks = sorted(spearmanr(*each).statistic for each in prices if all(len(set(scores)) > 1 for scores in each))
    assert len(ranks) > 0.9 * METHODS
    assert median(ranks) > 0.95  # 0.98 with LLVM 22
    assert ranks[len(ranks) // 10] > 0.8  # 0.93
    assert ranks[0] < 1  # two machines, not one


def test_both_back_ends_find_methods_about_as_costly(prices: list[tuple[list[float], list[float]]]) -> None:
    ratios = [mean(embedded) / mean(native) for embedded, native in prices]
    assert 0.9 < median(ratios) < 1.1
