"""A method as a live JIT describes it, in the terms of our own analysis."""

from __future__ import annotations

from gymcc.envs.jitcse.analysis import Candidate, Score
from gymcc.envs.jitcse.backends.superpmi.corpus import INSTALL
from gymcc.envs.jitcse.backends.superpmi.errors import WrongJit
from gymcc.envs.jitcse.backends.superpmi.report import SATURATED, Report
from gymcc.envs.jitcse.ir import Type
from gymcc.envs.jitcse.policies.features import MIN_CSE_COST, log_weight

NOT_VIABLE = "not viable, says the JIT"


def score(report: Report) -> Score:
    """The code's price; how many intervals were spilled the JIT does not tell."""
    return Score(report.perf_score, report.code_size, report.instructions)


def features(report: Report) -> tuple[dict[str, int], ...]:
    """The features of each candidate under the names of all versions, so that a policy meets the same ones.

    What a version does not tell is worked out from what it tells: that of the 2026 branch from that of .NET 9 and 10,
    exactly but for truncated weights, for the type (references are integers to the 2026 branch and "other" to .NET 9
    and 10, where there is little else), for the layout (``live_across_call_lsra`` is then ``live_across_call``) and
    for ``enreg_count``, which is not told by class. Raises as :func:`candidates`.
    """
    return tuple(_completed(row, each) for row, each in zip(report.rows, candidates(report), strict=True))


def candidates(report: Report) -> tuple[Candidate, ...]:
    """The candidates of a report with named features, without occurrences, which the JIT keeps to itself.

    Raises :class:`WrongJit` where the JIT tells less than .NET 9 does.
    """
    try:
        return tuple(_candidate(row) for row in report.rows)
    except KeyError as error:
        raise WrongJit(
            f"the JIT does not tell the feature {error.args[0]!r} of candidates; .NET 9 and later do: {INSTALL}"
        ) from None


def _candidate(row: dict[str, int]) -> Candidate:
    return Candidate(
        type=Type(row["type"]) if row["type"] < Type.VOID else Type.OTHER,
        occurrences=(),
        why_not_viable="" if row["viable"] else NOT_VIABLE,
        live_across_call=row["live_across_call"] > 0,
        live_across_call_lsra=row.get("live_across_call_lsra", row["live_across_call"]) > 0,
        const=row["const"] > 0,
        shared_const=row["shared_const"] > 0,
        make_cse=row["make_cse"] > 0,
        has_call=row["has_call"] > 0,
        containable=row["containable"] > 0,
        cost_ex=row["cost_ex"],
        cost_sz=row["cost_sz"],
        use_count=row["use_count"],
        def_count=row["def_count"],
        use_weight=_weight(row, "use_wt_cnt"),
        def_weight=_weight(row, "def_wt_cnt"),
        distinct_locals=row["distinct_locals"],
        local_occurrences=row["local_occurrences"],
        block_count=0,  # not told: bb_count is of the whole method
        block_spread=row["block_spread"],
    )


def _weight(row: dict[str, int], name: str) -> float:
    """Truncated in .NET 9 and 10, with two more decimals in the 2026 branch."""
    return float(row[name]) if name in row else row[f"{name}_x100"] / 100


def _completed(row: dict[str, int], each: Candidate) -> dict[str, int]:
    cheapest, uses = each.cost_ex == MIN_CSE_COST, each.use_weight
    split = sum(row.get(f"enreg_count_{kind}", 0) for kind in ("int", "simd"))
    return {
        "use_wt_cnt": int(uses),
        "def_wt_cnt": int(each.def_weight),
        "enreg_count": split,  # .NET 9 and 10 count no float or double
        "use_wt_cnt_x100": _fixed(uses, 100),
        "def_wt_cnt_x100": _fixed(each.def_weight, 100),
        "enreg_count_int": row.get("enreg_count", 0),
        "enreg_count_float": 0,
        "enreg_count_simd": 0,
        "enreg_count_msk": 0,
        "log_use_wt_x1000": _fixed(log_weight(uses), 1000),
        "log_def_wt_x1000": _fixed(log_weight(each.def_weight), 1000),
        "log_use_cnt_x_wt_x1000": _fixed(log_weight(each.use_count * uses), 1000),
        "log_local_occ_x_wt_x1000": _fixed(log_weight(each.local_occurrences * uses), 1000),
        "const_and_live": int(each.const and each.live_across_call),
        "const_and_min_cost": int(each.const and cheapest),
        "min_cost_and_live": int(cheapest and each.live_across_call),
        "containable_and_low_cost": int(each.containable and each.cost_ex <= MIN_CSE_COST + 1),
        "live_across_call_lsra": int(each.live_across_call),
        "block_spread_x1000_per_bb": _fixed(each.block_spread / max(1, row["bb_count"]), 1000),
        **row,
        "type": int(Type.INT) if row["type"] == Type.OTHER else row["type"],
    }


def _fixed(value: float, scale: int) -> int:
    """Fixed point as the 2026 branch rounds it."""
    return min(SATURATED, int(value * scale + 0.5))
