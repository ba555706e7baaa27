from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.envs.jitcse.ir import Type
from gymcc.envs.jitcse.policies import ARM64, MACHINES, X64, X64_WINDOWS, all_viable, explain, stock, stock_order
from tests.jitcse.policies_cases import analyses, analysis, candidate, candidates_of_any_kind, method, nested, with_ints


def verdict(found, machine=X64, small_code=False):
    (only,) = explain(found, machine, small_code)
    return only


def figures(each):
    return each.promotion, each.def_cost, each.use_cost, each.extra_yes, each.extra_no, each.yes_cost, each.no_cost


# One def and one use at 100 each, cost 3, size 3: 300 references. Ten locals put the aggressive cut-off on the eighth,
# 37 the moderate one on the 34th. All figures are worked out by hand from PromotionCheck.
ACROSS = {"live_across_call": True}


@pytest.mark.parametrize(
    ("locals_", "fields", "expected"),
    [
        (0, {}, ("aggressive", 1, 1, 0, 4, 200, 304)),
        (0, ACROSS, ("aggressive", 1, 1, 100, 4, 300, 304)),
        (0, {"cost_sz": 1}, ("aggressive", 1, 1, 0, 0, 200, 300)),
        (0, {"use_count": 3, "use_weight": 2400.0}, ("aggressive", 1, 1, 0, 12, 2500, 7212)),
        (10, {}, ("moderate", 2, 1, 0, 4, 300, 304)),
        (10, ACROSS, ("moderate", 2, 2, 0, 2, 400, 302)),
        (37, {}, ("conservative", 2, 2, 0, 2, 400, 302)),
        (37, ACROSS, ("conservative", 2, 3, 0, 0, 500, 300)),
        (1024, ACROSS, ("conservative", 3, 4, 0, 0, 700, 300)),  # the temporary would be one local too many to track
        (37, {"type": Type.DOUBLE, **ACROSS}, ("conservative", 2, 3, 0, 0, 500, 300)),
        (0, {"type": Type.DOUBLE, **ACROSS}, ("aggressive", 2, 2, 0, 2, 400, 302)),
        (0, {"type": Type.STRUCT}, ("moderate", 4, 6, 0, 0, 1000, 300)),
        (0, {"type": Type.STRUCT, **ACROSS}, ("moderate", 4, 6, 0, 0, 1000, 300)),
        (0, {"def_weight": 25.0, "use_weight": 30.0, **ACROSS}, ("aggressive", 1, 1, 200, 4, 255, 94)),
    ],
)
def test_costs_of_keeping_and_of_not_keeping(locals_, fields, expected):
    assert figures(verdict(with_ints(locals_, 10, [candidate(**fields)]))) == expected


def test_a_moderate_float_across_calls_has_a_register_on_windows_only():
    found = analysis(
        [candidate(type=Type.DOUBLE, live_across_call=True)], method([Type.DOUBLE, *[Type.INT] * 13], [9, *[9] * 13])
    )
    assert figures(verdict(found, X64)) == ("moderate", 3, 3, 0, 0, 600, 300)
    assert figures(verdict(found, X64_WINDOWS)) == ("moderate", 2, 1, 100, 4, 400, 304)


def test_arm_saves_only_half_of_a_vector():
    found = analysis([candidate(type=Type.SIMD, live_across_call=True)])
    assert figures(verdict(found, ARM64))[1:3] == (2, 2)
    assert figures(verdict(found, X64_WINDOWS))[1:3] == (1, 1)


@pytest.mark.parametrize(
    ("machine", "structs", "fields", "costs"),
    [
        (X64, 0, {}, (3, 2)),
        (X64, 0, {"type": Type.DOUBLE}, (5, 3)),
        (X64, 9, {}, (6, 5)),
        (X64, 0, {"def_count": 30}, (1, 1)),
        (X64, 9, {"def_count": 30}, (1, 1)),
        (X64, 9, {"def_count": 30, **ACROSS}, (2, 2)),
        (X64, 0, {"type": Type.STRUCT}, (6, 4)),
        (ARM64, 0, {}, (2, 2)),
        (ARM64, 0, {"type": Type.DOUBLE}, (2, 2)),
    ],
)
def test_small_code_counts_bytes(machine, structs, fields, costs):
    found = analysis([candidate(**fields)], method([Type.STRUCT] * structs, [1] * structs))
    assert figures(verdict(found, machine, small_code=True))[1:3] == costs


def test_small_code_counts_occurrences_not_executions():
    each = verdict(analysis([candidate(use_count=4, use_weight=1e5, cost_sz=7, cost_ex=50)]), small_code=True)
    assert (each.references, each.yes_cost, each.no_cost) == (6, 1 * 3 + 4 * 2, 4 * 7 + (7 - 2) * 4 * 2)
    assert each.kept


def test_the_dearest_are_tried_first_then_the_most_used_then_those_with_fewest_defs():
    found = analysis(
        [
            candidate(cost_ex=3, use_weight=900.0),
            candidate(cost_ex=7, use_weight=100.0, def_weight=200.0),
            candidate(cost_ex=7, use_weight=100.0, def_weight=100.0),
            candidate(cost_ex=7, use_weight=200.0),
            candidate(cost_ex=3, use_weight=900.0),
        ]
    )
    assert [each.candidate for each in explain(found)] == [3, 2, 1, 0, 4]


def test_small_code_sorts_by_size_and_occurrences():
    found = analysis([candidate(cost_sz=3, use_count=2), candidate(cost_sz=3, use_count=3), candidate(cost_sz=4)])
    assert [each.candidate for each in explain(found, small_code=True)] == [2, 1, 0]


def test_a_kept_candidate_that_lives_across_a_call_raises_the_cut_offs_for_the_next():
    first = candidate(cost_ex=9, live_across_call=True, use_weight=1000.0)  # 1200 references
    second = candidate(cost_ex=8, use_weight=1000.0, def_weight=75.0)  # 1150: aggressive until the first is kept
    found = with_ints(10, 10, [first, second])
    kept, after = explain(found)
    assert (kept.promotion, kept.aggressive, kept.moderate) == ("aggressive", 1100, 100)
    assert (after.promotion, after.aggressive, after.moderate) == ("moderate", 1200, 150)
    apart = with_ints(10, 10, [replace(first, live_across_call=False), second])
    assert [each.promotion for each in explain(apart)] == ["aggressive", "aggressive"]


def test_references_must_exceed_a_cut_off_to_raise_it():
    found = with_ints(10, 10, [candidate(cost_ex=9, live_across_call=True, use_weight=900.0), candidate(cost_ex=8)])
    kept, after = explain(found)
    assert kept.kept
    assert kept.references == kept.aggressive == 1100
    assert (after.aggressive, after.moderate) == (1100, 150)


def test_a_rejected_candidate_changes_nothing():
    found = with_ints(10, 10, [candidate(cost_ex=3, live_across_call=True), candidate(cost_ex=2, cost_sz=1)])
    rejected, after = explain(found)
    assert not rejected.kept
    assert (after.aggressive, after.moderate) == (1100, 100)


def test_keeping_a_tree_takes_the_uses_below_it():
    outer, inner = explain(nested())
    assert outer.kept
    assert (outer.candidate, inner.candidate) == (0, 1)
    assert inner.references == 2 * 100 + 1 * 100  # two of its three uses are gone
    assert (inner.no_cost, inner.extra_no) == (1 * 100 * 5 + 4, (3 - 1) * 1 * 2)


def test_a_candidate_whose_uses_are_all_gone_is_skipped():
    found = nested()
    inner = replace(found.candidates[1], occurrences=found.candidates[1].occurrences[:3], use_count=2, use_weight=200.0)
    assert stock_order(replace(found, candidates=(found.candidates[0], inner))) == (0,)
    assert explain(replace(found, candidates=(found.candidates[0], inner)))[1].skipped


def test_a_candidate_that_is_not_viable_says_why():
    (only,) = explain(analysis([candidate(why_not_viable="exceptions differ")]))
    assert only.skipped == "exceptions differ"
    assert not only.kept


@settings(max_examples=60, deadline=None)
@given(analyses(), st.sampled_from(list(MACHINES.values())), st.booleans())
def test_the_choice_is_what_the_explanation_says_and_viable(found, machine, small_code):
    verdicts = explain(found, machine, small_code)
    order = stock_order(found, machine, small_code)
    assert sorted(each.candidate for each in verdicts) == list(range(len(found.candidates)))
    assert stock(found, machine, small_code) == frozenset(order) <= all_viable(found)
    assert order == tuple(each.candidate for each in verdicts if not each.skipped and each.yes_cost <= each.no_cost)
    for before, after in pairwise(verdicts):
        if not (before.skipped or after.skipped):
            assert after.aggressive >= before.aggressive
            assert after.moderate >= before.moderate


@settings(max_examples=60, deadline=None)
@given(analyses(), candidates_of_any_kind(), st.sampled_from(list(MACHINES.values())))
def test_a_candidate_that_is_kept_alone_is_kept_if_it_were_dearer_or_cheap_to_hold(found, each, machine):
    alone = replace(found, candidates=(replace(each, why_not_viable=""),))
    if stock(alone, machine):
        assert stock(replace(alone, candidates=(replace(alone.candidates[0], cost_ex=each.cost_ex + 5),)), machine)
        assert stock(replace(alone, candidates=(replace(alone.candidates[0], live_across_call=False),)), machine)
