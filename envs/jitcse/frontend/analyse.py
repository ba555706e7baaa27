"""From a method to its candidates: the passes in order."""

from __future__ import annotations

from collections.abc import Collection

from gymcc.envs.jitcse.analysis import Analysis
from gymcc.envs.jitcse.frontend.availability import Split, split_candidates
from gymcc.envs.jitcse.frontend.describe import describe
from gymcc.envs.jitcse.frontend.discovery import discover
from gymcc.envs.jitcse.frontend.form import Form, form_of
from gymcc.envs.jitcse.frontend.hoisting import plan_hoisting, throwing
from gymcc.envs.jitcse.frontend.loops import loops_of
from gymcc.envs.jitcse.frontend.numbering import number_values
from gymcc.envs.jitcse.frontend.planting import Planted, plant, uproot
from gymcc.envs.jitcse.ir import Method, Op, Type


def analyse(method: Method) -> Analysis:
    """Hoist what can leave its loop, and find the common subexpressions of a well-formed method."""
    form, planted = _hoist(form_of(method))
    while True:
        roots = {place: form.flat.roots[place[0]][place[1]] for place in planted}
        splits = _split(form, roots.values())
        kept = {node for split in splits for node in split.defs + split.uses}
        lost = frozenset([place for place, root in roots.items() if root not in kept])
        if not lost:
            break
        # no candidate came of them, so that nobody could choose to keep or to drop them
        method, planted = uproot(form.method, planted, lost)
        form = form_of(method)
    return Analysis(
        form.method,
        describe(form, splits, frozenset(roots.values())),
        tuple([local for local, type_ in enumerate(method.locals) if type_ is not Type.STRUCT]),
    )


def _hoist(form: Form) -> tuple[Form, Planted]:
    loops = loops_of(form.flow)
    plan = plan_hoisting(form, loops) if loops else {}
    if not plan:
        return form, frozenset()
    method, planted = plant(form.method, form.flat, loops, plan)
    return form_of(method), planted


def _split(form: Form, planted: Collection[int]) -> list[Split]:
    """Number the values and find the candidates' trees."""
    numbering = number_values(form.method, form.flat, form.flow)
    trees = discover(form.flat, _without_unsafe(form, planted), numbering)
    return split_candidates(form.flat, form.flow, numbering.exceptions, trees)


def _without_unsafe(form: Form, planted: Collection[int]) -> list[bool]:
    """``form.may`` without what a hoisted tree must not compute alone.

    If a hoisted tree is not chosen, only definitions inside it remain. Without the rest they must not throw, nor load
    an element whose bounds check is gone.
    """
    may = list(form.may)
    for root in planted:
        inside = form.flat.inside(root)
        if throws := throwing(form.flat, inside):
            for node in inside[:-1]:
                may[node] = may[node] and node not in throws and form.flat.nodes[node].op is not Op.ELEM
    return may
