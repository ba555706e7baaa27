"""The tree of calls as a graph."""

from __future__ import annotations

import networkx as nx

from gymcc.envs.core.episode import Episode
from gymcc.envs.core.observation import GraphSpace
from gymcc.envs.ocaml.actions import Action
from gymcc.envs.ocaml.ir import Path
from gymcc.envs.ocaml.problem import NAMES, OcamlInline
from gymcc.envs.ocaml.state import InlineState


class CallTree:
    """A networkx multi-digraph, for reading and for graph networks of one's own.

    Nodes: ``main``, and every call decided or to be decided, by its path (``3/17``), with ``site``, ``callee`` (its
    name in the source), ``kind``, ``decision`` (``undecided`` so far) and ``next``. Edges: from the call around, else
    from ``main``.
    """

    def __init__(self, problem: OcamlInline) -> None:
        self.problem = problem
        self.space = GraphSpace()

    def __call__(self, episode: Episode[InlineState]) -> nx.MultiDiGraph[str]:
        state = episode.state
        sites = self.problem.backend(state.program).sites
        graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        graph.add_node("main")
        decided: dict[Path, Action | None] = {**dict(state.decisions), **dict.fromkeys(state.agenda)}
        for path, action in decided.items():
            site = sites[path[-1]]
            decision = "undecided" if action is None else NAMES[action]
            facts = {"site": site.id, "callee": site.name, "kind": str(site.kind), "decision": decision}
            graph.add_node(_key(path), **facts, next=path == state.path)
            graph.add_edge(_key(path[:-1]), _key(path))
        return graph


def _key(path: Path) -> str:
    return "/".join(map(str, path)) or "main"
