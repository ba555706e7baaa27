"""Better, the same, worse: counts, keys of the rows, and the histogram."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gymcc.benchmarks.report import against_heuristic, outcomes, summarise, write_report
from gymcc.benchmarks.report.bars import Share, strip
from gymcc.benchmarks.report.heuristic import BETTER, WORSE, heuristic_section
from gymcc.benchmarks.report.standing import standing
from tests.benchmarks.test_report import Page, record

COSTS = st.floats(0.01, 100)


def versus_heuristic(pairs, **changes):
    """Records of the policy and the heuristic, by (our last cost, its last cost)."""
    found = []
    for number, (ours, theirs) in enumerate(pairs):
        found.append(record("policy", f"m{number}", (4.0, ours), **changes))
        found.append(record("heuristic", f"m{number}", (4.0, theirs), **changes))
    return found


def rows(records):
    return {row["method"]: row for row in summarise(records)}


def counts(row):
    return row["better"], row["same"], row["worse"]


def test_rows_count_better_same_and_worse_last_states():
    found = rows(versus_heuristic([(1.0, 2.0), (2.0, 2.0), (2.0 * (1 + 5e-10), 2.0), (2.0 * (1 + 5e-9), 2.0)]))
    assert counts(found["policy"]) == (1, 2, 1)
    assert counts(found["heuristic"]) == (0, 4, 0)


def test_measured_costs_are_the_same_within_a_percent():
    found = rows(versus_heuristic([(0.995, 1.0), (1.009, 1.0), (1.011, 1.0), (0.98, 1.0)], deterministic=False))
    assert counts(found["policy"]) == (1, 2, 1)


def test_the_last_state_counts_not_the_best_on_the_way():
    records = [record("policy", "m", (4.0, 1.0, 3.0)), record("heuristic", "m", (4.0, 2.0))]
    assert counts(rows(records)["policy"]) == (0, 0, 1)


def test_without_the_heuristic_nothing_is_said(tmp_path):
    records = [record("policy"), record("beam4")]
    assert {counts(row) for row in summarise(records)} == {(None, None, None)}
    write_report(tmp_path / "report.html", title="t", records=records)
    assert "heuristic" not in "".join(Page((tmp_path / "report.html").read_text()).text).replace(
        "Against the heuristic, too", ""
    )


def test_only_shared_instances_and_all_seeds_count():
    records = [
        *versus_heuristic([(1.0, 2.0)]),
        record("policy", "alone", (4.0, 1.0)),
        record("beam4", "m0", (4.0, 1.0), seed=0),
        record("beam4", "m0", (4.0, 4.0), seed=1),  # 2 in the geometric mean
    ]
    found = rows(records)
    assert counts(found["policy"]) == (1, 0, 0)
    assert counts(found["beam4"]) == (0, 1, 0)
    assert against_heuristic(outcomes([record("policy", "a"), record("heuristic", "b")]), "policy") is None


@given(st.lists(st.tuples(COSTS, COSTS), min_size=1, max_size=30))
def test_counts_agree_with_the_costs(pairs):
    better = sum(ours < theirs * (1 - 1e-9) for ours, theirs in pairs)
    worse = sum(ours > theirs * (1 + 1e-9) for ours, theirs in pairs)
    found = rows(versus_heuristic(pairs))
    assert counts(found["policy"]) == (better, len(pairs) - better - worse, worse)


@given(st.dictionaries(st.text("abc", min_size=1), st.tuples(COSTS, COSTS), min_size=1, max_size=20))
def test_changing_sides_changes_better_and_worse(pairs):
    one = standing({key: a for key, (a, _) in pairs.items()}, {key: b for key, (_, b) in pairs.items()}, True)
    other = standing({key: b for key, (_, b) in pairs.items()}, {key: a for key, (a, _) in pairs.items()}, True)
    assert one.counts == other.counts[::-1]
    assert sum(one.counts) == len(pairs)


@given(st.lists(st.tuples(COSTS, COSTS), min_size=1, max_size=300))
def test_bars_hold_every_instance_that_differs(pairs):
    records = versus_heuristic(pairs)
    section = "".join(heuristic_section(outcomes(records), "policy"))
    better, _, worse = against_heuristic(outcomes(records), "policy").counts
    held = dict.fromkeys((BETTER, WORSE), 0)
    for title, fill in re.findall(r'<rect[^>]*?fill="([^"]+)"[^>]*><title>[^<]*?: (\d+) instances', section):
        held[title] += int(fill)
    assert held == {BETTER: better, WORSE: worse}
    assert not re.search(r"\b(nan|inf)\b", section)


@pytest.mark.parametrize("pairs", [[(1.0, 1.1), (1.0, 1.5), (1.2, 1.0)], [(1.0, 1.001)] * 999 + [(1.1, 1.0)]])
def test_bars_stand_on_their_side_of_the_line(pairs):
    section = "".join(heuristic_section(outcomes(versus_heuristic(pairs)), "policy"))
    line = float(re.search(r'<line x1="([^"]+)"[^>]*class="diagonal"', section)[1])
    bars = re.findall(r'<rect x="([^"]+)"[^>]*width="([^"]+)"[^>]*fill="([^"]+)"', section)
    assert {color for *_, color in bars} == {BETTER, WORSE}
    for left, width, color in bars:
        assert (float(left) >= line) if color == BETTER else (float(left) + float(width) <= line)


def test_an_outlier_is_gathered_and_said():
    pairs = [(1.0, 1.0 + number / 1000) for number in range(1, 500)] + [(1.0, 1e6)]
    section = "".join(heuristic_section(outcomes(versus_heuristic(pairs)), "policy"))
    assert "beyond" in section
    assert sum(int(count) for count in re.findall(r": (\d+) instances</title>", section)) == len(pairs)
    assert "beyond" not in "".join(heuristic_section(outcomes(versus_heuristic(pairs[:-1])), "policy"))


def test_page_has_the_section_unless_all_is_the_heuristic(tmp_path):
    path = tmp_path / "report.html"
    write_report(path, title="t", records=versus_heuristic([(1.0, 2.0), (2.0, 2.0), (3.0, 2.0)]))
    text = "".join(Page(path.read_text()).text)
    assert "On 1 of 3 instances policy ends better than the compiler's own heuristic" in text
    assert "Where they differ" in text
    assert "1 / 1 / 1" in text
    write_report(path, title="t", records=versus_heuristic([(2.0, 2.0)]))
    assert "Where they differ" not in "".join(Page(path.read_text()).text)
    write_report(path, title="t", records=[record("heuristic")])
    assert "compiler's own heuristic" not in path.read_text()


def test_shares_of_a_strip_are_as_wide_as_counted():
    drawn = strip([Share("a", 3, "#111"), Share("b", 0, "#222"), Share("c", 1, "#333")])
    assert re.findall(r"flex-grow:(\d+);background:(#\d+)", drawn) == [("3", "#111"), ("1", "#333")]


def test_gain_is_the_ratio_of_costs():
    found = against_heuristic(outcomes(versus_heuristic([(1.0, 2.0)])), "policy")
    assert found.gains == {"m0": pytest.approx(2.0)}
    assert math.isclose(found.better["m0"], 2.0)
