from __future__ import annotations

import math

import pytest
from hypothesis import given, settings

from gymcc.envs.jitcse.ir import Type
from gymcc.envs.jitcse.policies import ARM64, X64, X64_WINDOWS, pressure
from gymcc.envs.jitcse.policies.features import (
    HOOK_2026_NAMES,
    HOOK_NAMES,
    METHOD_NAMES,
    features2026,
    hook_features,
    method_features,
)
from tests.jitcse.policies_cases import analyses, analysis, candidate, method

HOOK = (
    "type,viable,live_across_call,const,shared_const,make_cse,has_call,containable,cost_ex,cost_sz,use_count,def_count,"
    "use_wt_cnt,def_wt_cnt,distinct_locals,local_occurrences,bb_count,block_spread,enreg_count"
)  # as RyuJIT of .NET 9 prints it


def test_the_names_are_those_that_ryujit_prints():
    assert ",".join(HOOK_NAMES) == HOOK
    assert len(HOOK_2026_NAMES) == len(set(HOOK_2026_NAMES)) == 32
    assert len(METHOD_NAMES) == len(set(METHOD_NAMES)) == 12
    assert len(set(HOOK_2026_NAMES) - set(HOOK_NAMES)) == 16  # 13 more, and three under another name


def test_a_row_in_full():
    each = candidate(
        type=Type.LONG,
        live_across_call=True,
        has_call=True,
        cost_ex=4,
        cost_sz=6,
        use_weight=800.9,
        distinct_locals=2,
        local_occurrences=5,
        block_spread=1,
    )
    locals_ = [Type.INT, Type.OTHER, Type.DOUBLE, Type.SIMD, Type.STRUCT, Type.INT]
    found = analysis([each], method(locals_, [1, 1, 1, 1, 1, 0]))
    (row,) = hook_features(found)
    assert list(row.values()) == [2, 1, 1, 0, 0, 0, 1, 0, 4, 6, 1, 1, 800, 100, 2, 5, 2, 1, 3]


def test_the_features_of_2026_in_full():
    each = candidate(
        type=Type.OTHER, const=True, containable=True, live_across_call=True, cost_ex=2, use_count=3, use_weight=812.344
    )
    found = analysis([each], method([Type.INT, Type.OTHER, Type.DOUBLE, Type.FLOAT, Type.SIMD], [1] * 5))
    (row,) = features2026(found)
    assert row["type"] == 1  # a reference counts as an integer there, unlike in .NET 9
    assert hook_features(found)[0]["type"] == 0
    assert (row["use_wt_cnt_x100"], row["def_wt_cnt_x100"]) == (81234, 10000)
    assert [row[f"enreg_count_{name}"] for name in ("int", "float", "simd", "msk")] == [2, 2, 1, 0]
    assert row["log_use_wt_x1000"] == round(1000 * math.log(812.344 / 1e-3))
    assert row["log_def_wt_x1000"] == round(1000 * math.log(100 / 1e-3))
    assert row["log_use_cnt_x_wt_x1000"] == round(1000 * math.log(3 * 812.344 / 1e-3))
    assert row["log_local_occ_x_wt_x1000"] == row["log_use_wt_x1000"]
    joint = ["const_and_live", "const_and_min_cost", "min_cost_and_live", "containable_and_low_cost"]
    assert [row[name] for name in joint] == [1, 1, 1, 1]


@pytest.mark.parametrize(("cost", "cheapest", "cheap"), [(2, 1, 1), (3, 0, 1), (4, 0, 0)])
def test_what_is_cheap(cost, cheapest, cheap):
    (row,) = features2026(analysis([candidate(const=True, containable=True, cost_ex=cost)]))
    assert (row["const_and_min_cost"], row["containable_and_low_cost"]) == (cheapest, cheap)
    assert (row["const_and_live"], row["min_cost_and_live"]) == (0, 0)


def test_a_spread_is_a_share_of_the_blocks():
    (row,) = features2026(analysis([candidate(block_spread=1)]))
    assert (row["bb_count"], row["block_spread_x1000_per_bb"]) == (2, 500)


def test_calls_between_blocks_add_to_calls_between_uses():
    rows = features2026(
        analysis([candidate(live_across_call=True), candidate(live_across_call_lsra=True), candidate()])
    )
    assert [row["live_across_call_lsra"] for row in rows] == [1, 1, 0]


def test_hot_weights_saturate_at_32_bits():
    found = analysis([candidate(use_weight=1e12, local_occurrences=0)])
    assert hook_features(found)[0]["use_wt_cnt"] == features2026(found)[0]["use_wt_cnt_x100"] == 2**31 - 1
    assert features2026(found)[0]["log_local_occ_x_wt_x1000"] == 0


def test_the_row_of_the_method():
    count = 20
    found = analysis((), method([Type.INT] * count, range(40, 20, -1), profiled=True))
    row = method_features(found, X64, frozenset({0, 3}))
    assert tuple(row) == METHOD_NAMES
    assert row == method_features(found, X64, frozenset({0, 3}), found=pressure(found, X64))
    assert row["aggressive_ref_cnt_x1000"] == (33 * 100 + 100) * 1000  # the eighth local
    assert row["moderate_ref_cnt_x1000"] == 100_000
    assert row["add_cse_count"] == 2
    assert row["spill_at_weight_x1000"] == round(1000 * math.log(28 / 1e-3))  # 14 registers, two taken: the 13th local
    assert (row["has_pgo_weights"], row["has_pgo_dynamic"], row["code_opt_kind"]) == (1, 1, 0)
    assert (row["is_x64"], row["is_arm64"]) == (1, 0)


def test_the_row_of_the_method_by_machine():
    found = analysis((), method([Type.STRUCT] * 9, [1] * 9))
    assert method_features(found, X64_WINDOWS)["large_frame"] == 1
    assert method_features(found, ARM64)["large_frame"] == 0
    assert (method_features(found, ARM64)["is_x64"], method_features(found, ARM64)["is_arm64"]) == (0, 1)
    assert method_features(found)["spill_at_weight_x1000"] == 0  # nothing would be spilled
    assert method_features(found, small_code=True)["code_opt_kind"] == 1


def test_once_all_registers_are_taken_the_most_used_local_would_be_spilled():
    found = analysis((), method([Type.INT, Type.INT], [2, 5]))
    assert method_features(found, X64, frozenset(range(64)))["spill_at_weight_x1000"] == round(
        1000 * math.log(5 / 1e-3)
    )


@settings(max_examples=40, deadline=None)
@given(analyses())
def test_every_feature_is_a_32_bit_integer_under_its_name(found):
    for names, rows in ((HOOK_NAMES, hook_features(found)), (HOOK_2026_NAMES, features2026(found))):
        assert len(rows) == len(found.candidates)
        for row in rows:
            assert tuple(row) == names
            assert all(type(value) is int and 0 <= value < 2**31 for value in row.values())
    assert all(type(value) is int for value in method_features(found).values())
