"""From a method to its candidates: the passes in order."""

from __future__ import annotations

from gymcc.envs.jitcse.analysis import Analysis, Candidate, Occurrence
from gymcc.envs.jitcse.frontend.availability import CALLS, Availability, availability
from gymcc.envs.jitcse.frontend.costs import Cost
from gymcc.envs.jitcse.frontend.discovery import costs_of, discover, eligible
from gymcc.envs.jitcse.frontend.flat import Flat, flatten
from gymcc.envs.jitcse.frontend.flow import Flow, flow_of
from gymcc.envs.jitcse.frontend.numbering import NOTHING, Numbering, number_values
from gymcc.envs.jitcse.ir import Method, Node, Op, Type

WEIGHT_UNIT = 100.0  # RyuJIT's BB_UNITY_WEIGHT
_CONTAINABLE = (Op.ADD, Op.NOT, Op.MUL, Op.LSH)


def analyse(method: Method) -> Analysis:
    """Find the candidates of a method that :func:`check` accepts."""
    flow, flat = flow_of(method), flatten(method)
    numbering = number_values(method, flat, flow)
    costs = costs_of(flat)
    trees = discover(flat, eligible(flat, costs), numbering)
    available = availability(flat, flow, trees)
    describe = _Describer(method, flat, flow, numbering, costs, available)
    return Analysis(
        method,
        tuple([describe(nodes) for nodes in trees]),
        tuple([local for local, type_ in enumerate(method.locals) if type_ is not Type.STRUCT]),
    )


class _Describer:
    """Makes a :class:`Candidate` of its trees."""

    def __init__(
        self,
        method: Method,
        flat: Flat,
        flow: Flow,
        numbering: Numbering,
        costs: list[Cost],
        available: Availability,
    ) -> None:
        self.method, self.flat, self.flow = method, flat, flow
        self.numbering, self.costs, self.available = numbering, costs, available
        self.calling = [False] * len(method.blocks)
        for node, tree in enumerate(flat.nodes):
            if tree.op in CALLS:
                self.calling[flat.block[node]] = True

    def __call__(self, nodes: list[int]) -> Candidate:
        first, is_def = nodes[0], self.available.is_def
        tree = self.flat.nodes[first]
        defs = [node for node in nodes if is_def[node]]
        uses = self._promised(defs, [node for node in nodes if not is_def[node]])
        kept = sorted(defs + uses)
        blocks = sorted({self.flat.block[node] for node in kept})
        spread = [self.flow.postorder[block] for block in blocks]
        parts = list(tree.walk())
        locals_read = [part.payload for part in parts if part.op is Op.LOCAL]
        use_weight, def_weight = self._weight(uses), self._weight(defs)
        return Candidate(
            type=tree.type,
            occurrences=tuple([self._occurrence(node) for node in kept]),
            why_not_viable=_why_not_viable(defs, uses, def_weight, use_weight),
            live_across_call=not self.available.across_call.isdisjoint(uses),
            live_across_call_lsra=any(self.calling[blocks[0] : blocks[-1]]),
            const=tree.op in (Op.CONST, Op.HANDLE),
            shared_const=False,
            make_cse=False,
            has_call=any([part.op in CALLS for part in parts]),
            containable=tree.op in _CONTAINABLE,
            cost_ex=self.costs[first][0],
            cost_sz=self.costs[first][1],
            use_count=len(uses),
            def_count=len(defs),
            use_weight=use_weight,
            def_weight=def_weight,
            distinct_locals=len(set(locals_read)),
            local_occurrences=len(locals_read),
            block_count=len(blocks),
            block_spread=max(spread) - min(spread),
        )

    def _promised(self, defs: list[int], uses: list[int]) -> list[int]:
        """The uses that throw nothing but what every definition has thrown before."""
        exceptions = self.numbering.exceptions
        if all([exceptions[use] is NOTHING for use in uses]):
            return uses
        promise = frozenset.intersection(*[exceptions[node] for node in defs])
        return [use for use in uses if exceptions[use] <= promise]

    def _weight(self, nodes: list[int]) -> float:
        return sum([self.method.blocks[self.flat.block[node]].weight for node in nodes]) * WEIGHT_UNIT

    def _occurrence(self, node: int) -> Occurrence:
        flat = self.flat
        return Occurrence(flat.block[node], flat.statement[node], flat.path(node), self.available.is_def[node])


def _why_not_viable(defs: list[int], uses: list[int], def_weight: float, use_weight: float) -> str:
    if not uses:
        return "nothing would read the temporary"
    if not defs:
        return "nothing would write the temporary"
    if use_weight <= 0 or def_weight <= 0:
        return "its blocks are never executed, says the profile"
    return ""
