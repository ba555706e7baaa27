from math import isclose
from statistics import fmean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gymcc.envs.nitta.labels import FAILURE, Leaf, Statistics, ancestors, labelled

SIDS = st.lists(st.integers(0, 12), max_size=6).map(lambda path: "-" + "-".join(map(str, path)))
LEAVES = st.lists(
    st.builds(Leaf, SIDS, st.booleans(), st.integers(-1, 60), st.integers(1, 4)),
    min_size=1,
    max_size=12,
    unique_by=lambda leaf: leaf.sid,
)


def test_ancestors_go_up_to_the_root():
    assert ancestors("-0-14-7") == ["-0-14", "-0", "-"]
    assert ancestors("-3") == ["-"]
    assert ancestors("-") == []


def test_a_tree_of_three_leaves_by_hand():
    leaves = [Leaf("-0-0", True, 10), Leaf("-0-1", True, 14), Leaf("-1", False, 3)]
    labels = labelled(leaves)
    short, long = 10 + 2 / 2.00001, 10 - 2 / 2.00001  # mean 12, deviation 2; both at depth 2
    half = 0.5 ** (1 / 2)
    assert labels["-0-0"] == pytest.approx(short)
    assert labels["-0-1"] == pytest.approx(long)
    assert labels["-1"] == FAILURE
    assert labels["-0"] == pytest.approx(half * (0.6 * short + 0.4 * 10))
    assert labels["-"] == pytest.approx(0.6 * short / 2 + 0.4 * (short / 2 + long / 2 + FAILURE) / 3)


def test_equal_schedules_are_worth_10_and_half_of_it_reaches_the_root():
    labels = labelled([Leaf("-0-0-0-0", True, 9), Leaf("-1-0-0-0", True, 9)])
    assert labels["-0-0-0-0"] == pytest.approx(10)
    assert labels["-"] == pytest.approx(5)


def test_without_any_schedule_all_is_a_failure():
    assert set(labelled([Leaf("-0-1", False, 9), Leaf("-2", False, -1)]).values()) == {FAILURE}


@given(LEAVES)
def test_against_a_direct_computation(leaves):
    labels = labelled(leaves)
    reached = [leaf for leaf in leaves if leaf.success for _ in range(leaf.visits)]
    levels = {leaf.sid: leaf.sid.count("-") if leaf.sid != "-" else 0 for leaf in leaves}
    durations, depths = [leaf.duration for leaf in reached], [levels[leaf.sid] for leaf in reached]

    def worth(leaf):
        if not leaf.success:
            return -3.0
        z = (leaf.duration - fmean(durations)) / (pstdev(durations) + 1e-5)
        return 10 - z - 0.1 * (levels[leaf.sid] - fmean(depths)) / (pstdev(depths) + 1e-5)

    for sid, label in labels.items():
        prefix = sid if sid == "-" else f"{sid}-"
        below = [leaf for leaf in leaves if leaf.sid == sid or sid == "-" or leaf.sid.startswith(prefix)]
        depth = 0 if sid == "-" else sid.count("-")
        values = []
        for leaf in below:
            value, ups = worth(leaf), levels[leaf.sid] - depth
            factor = 0.5 ** (ups / fmean(depths)) if value > 0 and depths and fmean(depths) else 1
            values += [value * factor] * leaf.visits
        assert isclose(label, 0.6 * max(values) + 0.4 * fmean(values), rel_tol=1e-6, abs_tol=1e-6)


def test_a_schedule_reached_twice_counts_twice():
    found = Statistics.of([Leaf("-0", True, 10, visits=3), Leaf("-1", True, 14)])
    assert found.mean_duration == 11
