"""The features of candidates and methods under RyuJIT's names, in the order in which ``JitRLHook`` prints them.

After ``CSE_HeuristicRLHook`` in optcse.cpp: of .NET 9 and 10 (19 features), and of the 2026 branch (32 features and a
row for the method). All are integers. Weights are RyuJIT's, 100 per execution of the entry block.
"""

from __future__ import annotations

import math
from collections import Counter

from gymcc.envs.jitcse.analysis import Analysis, Candidate, Choice
from gymcc.envs.jitcse.ir import Type
from gymcc.envs.jitcse.policies.machine import X64, Machine
from gymcc.envs.jitcse.policies.pressure import Pressure, pressure

_HOOK = (
    "type", "viable", "live_across_call", "const", "shared_const", "make_cse", "has_call", "containable",
    "cost_ex", "cost_sz", "use_count", "def_count",
)  # fmt: skip
HOOK_NAMES: tuple[str, ...] = (
    *_HOOK,
    "use_wt_cnt", "def_wt_cnt", "distinct_locals", "local_occurrences", "bb_count", "block_spread", "enreg_count",
)  # fmt: skip
HOOK_2026_NAMES: tuple[str, ...] = (
    *_HOOK,
    "use_wt_cnt_x100", "def_wt_cnt_x100", "distinct_locals", "local_occurrences", "bb_count", "block_spread",
    "enreg_count_int", "enreg_count_float", "enreg_count_simd", "enreg_count_msk",
    "log_use_wt_x1000", "log_def_wt_x1000", "log_use_cnt_x_wt_x1000", "log_local_occ_x_wt_x1000",
    "const_and_live", "const_and_min_cost", "min_cost_and_live", "containable_and_low_cost",
    "live_across_call_lsra", "block_spread_x1000_per_bb",
)  # fmt: skip
METHOD_NAMES: tuple[str, ...] = (
    "aggressive_ref_cnt_x1000", "moderate_ref_cnt_x1000", "large_frame", "huge_frame", "code_opt_kind",
    "add_cse_count", "spill_at_weight_x1000", "has_pgo_weights", "has_pgo_dynamic",
    "is_x64", "is_arm64", "is_osr",  # later builds only
)  # fmt: skip

INTEGERS = (Type.OTHER, Type.INT, Type.LONG)
MIN_CSE_COST = 2
LEAST = 1e-3  # what a logarithm sees of 0
INT_MAX = 2**31 - 1


def log_weight(value: float) -> float:
    """Logarithm, shifted so that it is 0 for ``LEAST`` and below."""
    return math.log(max(LEAST, value)) - math.log(LEAST)


def hook_features(analysis: Analysis) -> list[dict[str, int]]:
    """A row for each candidate: the features of .NET 9 and 10, by name, in the order of ``HOOK_NAMES``."""
    types = _tracked_types(analysis)
    enregistered = sum(types[type] for type in (*INTEGERS, Type.SIMD))  # float and double do not count there
    rows = []
    for each in analysis.candidates:
        weights = {"use_wt_cnt": _saturated(each.use_weight), "def_wt_cnt": _saturated(each.def_weight)}
        row = _plain(analysis, each) | weights | {"enreg_count": enregistered}
        rows.append({name: row[name] for name in HOOK_NAMES})
    return rows


def features2026(analysis: Analysis) -> list[dict[str, int]]:
    """A row for each candidate: the features of the 2026 branch, by name, in the order of ``HOOK_2026_NAMES``."""
    types = _tracked_types(analysis)
    counts = {
        "enreg_count_int": sum(types[type] for type in INTEGERS),
        "enreg_count_float": types[Type.FLOAT] + types[Type.DOUBLE],
        "enreg_count_simd": types[Type.SIMD],
        "enreg_count_msk": 0,  # this representation has no mask type
    }
    rows = []
    for each in analysis.candidates:
        row = _plain(analysis, each) | counts | _derived(analysis, each)
        row["type"] = int(Type.INT if each.type is Type.OTHER else each.type)  # references count as integers there
        rows.append({name: row[name] for name in HOOK_2026_NAMES})
    return rows


def method_features(
    analysis: Analysis,
    machine: Machine = X64,
    chosen: Choice = frozenset(),
    small_code: bool = False,
    found: Pressure | None = None,
) -> dict[str, int]:
    """The row of the method with some candidates kept, by name, in the order of ``METHOD_NAMES``.

    ``found`` is the :func:`~gymcc.envs.jitcse.policies.pressure.pressure` of the method, where a caller has it already:
    nearly all the work.
    """
    found = found or pressure(analysis, machine, small_code)
    return {
        "aggressive_ref_cnt_x1000": _fixed(found.aggressive, 1000),
        "moderate_ref_cnt_x1000": _fixed(found.moderate, 1000),
        "large_frame": int(found.large_frame),
        "huge_frame": 0,  # only 32-bit ARM knows it
        "code_opt_kind": int(small_code),
        "add_cse_count": len(chosen),
        "spill_at_weight_x1000": _fixed(log_weight(spill_at_weight(found, machine, len(chosen))), 1000),
        "has_pgo_weights": int(analysis.method.profiled),
        "has_pgo_dynamic": int(analysis.method.profiled),
        "is_x64": int(machine.name.startswith("x64")),
        "is_arm64": int(machine.name == "arm64"),
        "is_osr": 0,
    }


def spill_at_weight(found: Pressure, machine: Machine, kept: int) -> float:
    """Executions of the references to the local that has no register when ``kept`` temporaries have one each."""
    registers = max(0, machine.integer.trashed + machine.integer.saved - kept)
    weights = found.integer_weights
    return weights[registers] if registers < len(weights) else LEAST


def _plain(analysis: Analysis, each: Candidate) -> dict[str, int]:
    """The features that all versions share."""
    return {
        "type": int(each.type),
        "viable": int(each.viable),
        "live_across_call": int(each.live_across_call),
        "const": int(each.const),
        "shared_const": int(each.shared_const),
        "make_cse": int(each.make_cse),
        "has_call": int(each.has_call),
        "containable": int(each.containable),
        "cost_ex": each.cost_ex,
        "cost_sz": each.cost_sz,
        "use_count": each.use_count,
        "def_count": each.def_count,
        "distinct_locals": each.distinct_locals,
        "local_occurrences": each.local_occurrences,
        "bb_count": len(analysis.method.blocks),
        "block_spread": each.block_spread,
    }


def _derived(analysis: Analysis, each: Candidate) -> dict[str, int]:
    """What the 2026 branch computes from the plain features."""
    cheapest = each.cost_ex == MIN_CSE_COST
    return {
        "use_wt_cnt_x100": _fixed(each.use_weight, 100),
        "def_wt_cnt_x100": _fixed(each.def_weight, 100),
        "log_use_wt_x1000": _fixed(log_weight(each.use_weight), 1000),
        "log_def_wt_x1000": _fixed(log_weight(each.def_weight), 1000),
        "log_use_cnt_x_wt_x1000": _fixed(log_weight(each.use_count * each.use_weight), 1000),
        "log_local_occ_x_wt_x1000": _fixed(log_weight(each.local_occurrences * each.use_weight), 1000),
        "const_and_live": int(each.const and each.live_across_call),
        "const_and_min_cost": int(each.const and cheapest),
        "min_cost_and_live": int(cheapest and each.live_across_call),
        "containable_and_low_cost": int(each.containable and each.cost_ex <= MIN_CSE_COST + 1),
        "live_across_call_lsra": int(each.live_across_call or each.live_across_call_lsra),
        "block_spread_x1000_per_bb": _fixed(each.block_spread / len(analysis.method.blocks), 1000),
    }


def _tracked_types(analysis: Analysis) -> Counter[Type]:
    """How many locals of each type are referred to and may have a register."""
    return Counter(local.type for local in pressure(analysis, X64).tracked)


def _fixed(value: float, scale: int) -> int:
    """A number in fixed point, rounded, at most the largest 32-bit integer."""
    return min(INT_MAX, int(value * scale + 0.5))


def _saturated(value: float) -> int:
    return min(INT_MAX, int(value))
