"""NITTA's threads: paths down the tree that take one decision after another and never come back.

Conventions that decide results: only options with a positive score are seen; the greatest is the last of equals, the
least the first of equals; a thread ends after 750 decisions (nitta, ``NITTA.Synthesis.Method``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from gymcc.envs.nitta.methods.explorer import Explorer
from gymcc.envs.nitta.methods.protocol import SynthesisNode, is_success

N = TypeVar("N", bound=SynthesisNode)
Scored = Sequence[tuple[float, N]]
STEP_LIMIT = 750
REFACTORINGS = frozenset({"BreakLoop", "ResolveDeadlock", "OptimizeAccum", "OptimizeLogicalUnit", "ConstantFolding"})


class NoStep(ValueError):
    """A step was asked for where there is none left."""


def greatest(children: Scored[N]) -> N:
    """The child of the greatest score, the last of equals."""
    return max(reversed(children), key=lambda child: child[0])[1]


def least(children: Scored[N]) -> N:
    """The child of the least score, the first of equals."""
    return min(children, key=lambda child: child[0])[1]


def kind(node: SynthesisNode) -> str:
    """Which kind of decision led to a node that is not the root."""
    assert node.option is not None
    return str(node.option.decision.kind)


def of_kinds(children: Scored[N], kinds: Iterable[str]) -> Scored[N]:
    """Those children that a decision of one of the kinds leads to."""
    wanted = frozenset(kinds)
    return [child for child in children if kind(child[1]) in wanted]


def best_leaf(origin: N, ends: Sequence[N]) -> N:
    """The shortest schedule among the ends of threads, then that of the fewest units, then the first of them.

    Without any success it is the first end, and ``origin`` if there is none.
    """
    successes = [node for node in ends if is_success(node)]
    if successes:
        return min(successes, key=lambda node: (node.duration, node.unit_count))
    return ends[0] if ends else origin


def best_thread(explorer: Explorer[N], node: N) -> N:
    """Take the best option until none is positive."""
    return _descend(explorer, node, greatest)


def best_step(explorer: Explorer[N], node: N) -> N:
    """Take the best option once; raises :class:`NoStep` if none is positive."""
    children = explorer.positive(node)
    if not children:
        raise NoStep(f"bestStep: node {node.sid} has no option with a positive score")
    return greatest(children)


def all_best_threads(explorer: Explorer[N], node: N, deep: int) -> N:
    """The best end of the threads from every positive descendant ``deep`` levels down."""
    if deep == 0:
        return best_thread(explorer, node)
    ends = [all_best_threads(explorer, child, deep - 1) for _, child in explorer.positive(node)]
    return best_leaf(node, ends)


def obvious_bind_thread(explorer: Explorer[N], node: N) -> N:
    """Bind what has only one unit to go to: in NITTA a no-op, as its filter inspects a value that never matches."""
    explorer.scores(node)
    return node


def all_binds_and_refactorings(explorer: Explorer[N], node: N) -> N:
    """Take the worst single bind or refactoring until there is none."""
    return _descend(explorer, node, lambda children: least(children), {"SingleBind", *REFACTORINGS})


def smart_bind_thread(explorer: Explorer[N], node: N) -> N:
    """Take refactorings as they come, then the best single bind, until neither is left."""
    for _ in range(STEP_LIMIT):
        node = _descend(explorer, node, lambda children: children[0][1], REFACTORINGS)
        binds = of_kinds(explorer.positive(node), {"SingleBind", *REFACTORINGS})
        if not binds:
            break
        node = greatest(binds)
    return node


def obvious_group_binds(explorer: Explorer[N], node: N) -> N:
    """Bind all functions that have only one unit to go to, until there are none."""

    def obvious(children: Scored[N]) -> Scored[N]:
        groups = of_kinds(children, {"GroupBind"})
        return [child for child in groups if child[1].option and child[1].option.metrics["pOnlyObviousBinds"]]

    for _ in range(STEP_LIMIT):
        groups = obvious(explorer.positive(node))
        if not groups:
            break
        node = groups[0][1]
    return node


def try_all_group_binds(explorer: Explorer[N], node: N) -> N:
    """The best end of the best threads from every group bind; the node itself if there is none."""
    groups = of_kinds(explorer.positive(node), {"GroupBind"})
    return best_leaf(node, [best_thread(explorer, child) for _, child in groups])


def _descend(explorer: Explorer[N], node: N, choice: Callable[[Scored[N]], N], kinds: Iterable[str] | None = None) -> N:
    """Follow ``choice`` among the positive children (of these kinds) until there is none."""
    for _ in range(STEP_LIMIT):
        positive = explorer.positive(node)
        children = positive if kinds is None else of_kinds(positive, kinds)
        if not children:
            break
        node = choice(children)
    return node
