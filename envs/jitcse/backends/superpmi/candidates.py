"""A method as a live JIT describes it, in the terms of our own analysis."""

from __future__ import annotations

from gymcc.envs.jitcse.analysis import Candidate, Score
from gymcc.envs.jitcse.backends.superpmi.errors import WrongJit
from gymcc.envs.jitcse.backends.superpmi.report import Report
from gymcc.envs.jitcse.ir import Type

NOT_VIABLE = "not viable, says the JIT"


def score(report: Report) -> Score:
    """The code's price; how many intervals were spilled the JIT does not tell."""
    return Score(report.perf_score, report.code_size, report.instructions)


def candidates(report: Report) -> tuple[Candidate, ...]:
    """The candidates of a report with named features, without occurrences, which the JIT keeps to itself.

    Raises :class:`WrongJit` where the JIT tells less than .NET 9 does.
    """
    try:
        return tuple(_candidate(row) for row in report.rows)
    except KeyError as error:
        raise WrongJit(f"the JIT does not tell the feature {error.args[0]!r}; .NET 9 and later do") from None


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
