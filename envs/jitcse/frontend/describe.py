"""What a policy may know of each candidate: RyuJIT's features (optcse.cpp, CSE_HeuristicRLHook)."""

from __future__ import annotations

from collections.abc import Sequence

from gymcc.envs.jitcse.analysis import Candidate, Occurrence
from gymcc.envs.jitcse.frontend.availability import Split
from gymcc.envs.jitcse.frontend.form import Form
from gymcc.envs.jitcse.ir import Op

WEIGHT_UNIT = 100.0  # RyuJIT's BB_UNITY_WEIGHT
_LOCAL = Op.LOCAL  # slow to look up
_CONTAINABLE = frozenset({Op.ADD, Op.NOT, Op.MUL, Op.LSH})
_CONSTANTS = frozenset({Op.CONST, Op.HANDLE})


def describe(form: Form, splits: Sequence[Split], planted: frozenset[int]) -> tuple[Candidate, ...]:
    """The candidates behind ``splits``; ``planted`` are the roots of hoisted statements."""
    calls = form.flat.calls
    return tuple([_describe(form, split, planted, calls) for split in splits])


def _describe(form: Form, split: Split, planted: frozenset[int], calls: list[int]) -> Candidate:
    flat, first = form.flat, split.nodes[0]  # like RyuJIT, judge by the first tree
    tree, inside = flat.nodes[first], flat.inside(first)
    locals_read = [flat.nodes[node].payload for node in inside if flat.nodes[node].op is _LOCAL]
    blocks = sorted({flat.block[node] for node in split.nodes})
    spread = [form.flow.postorder[block] for block in blocks]
    use_weight, def_weight = _weight(form, split.uses), _weight(form, split.defs)
    return Candidate(
        type=tree.type,
        occurrences=_occurrences(form, split, planted),
        why_not_viable=_why_not_viable(split, def_weight, use_weight),
        live_across_call=split.across_call,
        live_across_call_lsra=any(blocks[0] <= flat.block[call] < blocks[-1] for call in calls),
        const=tree.op in _CONSTANTS,
        shared_const=False,  # x64 does not let nearby constants share a temporary
        make_cse=first in planted,
        has_call=any(call in inside for call in calls),
        containable=tree.op in _CONTAINABLE,
        cost_ex=form.costs[first][0],
        cost_sz=form.costs[first][1],
        use_count=len(split.uses),
        def_count=len(split.defs),
        use_weight=use_weight,
        def_weight=def_weight,
        distinct_locals=len(set(locals_read)),
        local_occurrences=len(locals_read),
        block_count=len(blocks),
        block_spread=max(spread) - min(spread),
    )


def _weight(form: Form, nodes: Sequence[int]) -> float:
    return sum([form.method.blocks[form.flat.block[node]].weight for node in nodes]) * WEIGHT_UNIT


def _occurrences(form: Form, split: Split, planted: frozenset[int]) -> tuple[Occurrence, ...]:
    flat = form.flat
    return tuple(
        [
            Occurrence(flat.block[node], flat.statement(node), flat.path(node), node in split.defs, node in planted)
            for node in sorted(split.defs + split.uses)
        ]
    )


def _why_not_viable(split: Split, def_weight: float, use_weight: float) -> str:
    if not split.uses:
        return "nothing would read the temporary"
    if def_weight <= 0 or use_weight <= 0:
        return "what would write or read the temporary never runs, says the profile"
    return ""
