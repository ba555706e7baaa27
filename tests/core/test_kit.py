"""The conformance kit holds a correct problem to be correct, and bites on faulty ones with the law meant for each."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gymcc.envs.testing import LAWS, LawBroken, Live, check
from tests.core.broken import MUTANTS

BAG, ROLLED = "tests.core.broken:bag-v0", "tests.core.broken:bag-rolled-v0"


def test_correct_problem_passes_every_law() -> None:
    report = check(BAG, max_examples=50, live=Live(BAG, rank_correlation=1.0))
    assert [result.number for result in report.results] == sorted(LAWS)
    assert not report.skipped
    assert "14 laws hold" in str(report)


def test_problem_without_a_bound_passes_too() -> None:
    assert list(check(BAG, mutant="no bound").skipped) == [11]


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_is_caught_by_its_law(name: str) -> None:
    with pytest.raises(LawBroken) as caught:
        check(BAG, mutant=name)
    assert caught.value.number == MUTANTS[name].law, str(caught.value)
    assert LAWS[MUTANTS[name].law][0] in str(caught.value)


def test_wrong_batch_is_caught_by_law_10() -> None:
    with pytest.raises(LawBroken, match=r"law 10 .*rewards"):
        check(ROLLED, laws=range(1, 12))


def test_live_back_end_that_disagrees_is_caught_by_law_11() -> None:
    with pytest.raises(LawBroken, match=r"law 11 .*rank correlation -1"):
        check(BAG, laws=(11,), live=Live(BAG, {"mutant": "backwards"}))


def test_counterexample_is_the_smallest() -> None:
    with pytest.raises(LawBroken) as caught:
        check(BAG, laws=(8,), mutant="lossy text", max_examples=200)
    assert caught.value.counterexample.count(",") == 4, "an instance, three weights and close"
    assert caught.value.counterexample.endswith("close")


def test_environment_of_another_kind_is_refused() -> None:
    with pytest.raises(TypeError, match="CompilerEnv"):
        check("CartPole-v1")


def test_without_hypothesis_the_import_says_what_to_install() -> None:
    code = "import sys; sys.modules['hypothesis'] = None; import gymcc.envs.testing"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "pip install 'gymcc[test]'" in done.stderr.splitlines()[-1]
