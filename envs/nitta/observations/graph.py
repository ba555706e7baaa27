"""The algorithm as a graph, with what is bound where."""

from __future__ import annotations

import networkx as nx

from gymcc.envs.core.episode import Episode
from gymcc.envs.core.observation import GraphSpace
from gymcc.envs.nitta.tree import Node


class AlgorithmGraph:
    """A networkx multi-digraph, for reading and for graph networks of one's own.

    Nodes: functions by their text, with ``kind`` and ``unit`` (the tag, empty while waiting). Edges: variables by name
    (the key), from producer to consumer, with ``sent``, the tick of the transfer or -1. Empty where only a server
    knows the node.
    """

    def __init__(self) -> None:
        self.space = GraphSpace()

    def __call__(self, episode: Episode[Node]) -> nx.MultiDiGraph[str]:
        state = episode.state.model
        graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        if state is None:
            return graph
        units = {function: unit.tag for unit in state.units for function in unit.functions}
        for function in state.algorithm.functions:
            graph.add_node(function.text, kind=function.kind.value, unit=units.get(function, ""))
        sent = {variable: t.tick for t in state.schedule().transports for _, variable in t.targets}
        for variable, producer in state.algorithm.producer.items():
            consumer = state.algorithm.consumer.get(variable)
            if consumer is not None:
                graph.add_edge(producer.text, consumer.text, key=variable, sent=sent.get(variable, -1))
        return graph
