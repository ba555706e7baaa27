"""Loop nests as networkx graphs.

Node attributes: ``kind`` (loop, statement or data), ``cursor``, ``size``, ``tail``, ``unroll``, ``vectorize``, and
``feature_vector`` holding the numeric ones in that order. Edge attribute ``kind``: ``control`` or ``data``; data edges
from a loop carry ``stride``, the elements its operand moves by in one iteration.
"""

from __future__ import annotations

from typing import Any

import networkx as nx

from gymcc.envs.core.episode import Episode
from gymcc.envs.core.observation import GraphSpace
from gymcc.envs.looptune.state import LoopState

OPERANDS = ("C", "A", "B")


def _add_node(graph: nx.MultiDiGraph[str], node: str, kind: str, **features: int) -> None:
    values: dict[str, Any] = {"cursor": 0, "size": 0, "tail": 0, "unroll": 0, "vectorize": 0, **features}
    graph.add_node(node, kind=kind, feature_vector=[float(value) for value in values.values()], **values)


class IrTree:
    """The tree of loops L0, L1, … down to the statement, control edges only."""

    space = GraphSpace()

    def __call__(self, episode: Episode[LoopState]) -> nx.MultiDiGraph[str]:
        graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        nest = episode.state.nest
        for index, loop in enumerate(nest.loops):
            size, tail = nest.trips(index)
            here = int(index == episode.state.cursor)
            _add_node(
                graph,
                f"L{index}",
                "loop",
                cursor=here,
                size=size,
                tail=tail,
                unroll=loop.unroll,
                vectorize=loop.vectorize,
            )
            if index:
                graph.add_edge(f"L{index - 1}", f"L{index}", kind="control")
        _add_node(graph, "fma", "statement")
        graph.add_edge(f"L{len(nest.loops) - 1}", "fma", kind="control")
        return graph


class IrGraph:
    """The tree with the operands: a data edge from each loop to each operand that moves with it."""

    space = GraphSpace()

    def __call__(self, episode: Episode[LoopState]) -> nx.MultiDiGraph[str]:
        graph = IrTree()(episode)
        nest = episode.state.nest
        for operand, strides in zip(OPERANDS, nest.contraction.strides, strict=True):
            _add_node(graph, operand, "data")
            for index, loop in enumerate(nest.loops):
                if stride := strides[loop.dim] * loop.step:
                    graph.add_edge(f"L{index}", operand, kind="data", stride=stride)
            source, sink = ("fma", operand) if operand == "C" else (operand, "fma")
            graph.add_edge(source, sink, kind="data")
        return graph
