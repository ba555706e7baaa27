"""Which node of a program's tree a request is about.

NITTA tells of options only. A model that looks at the state behind them must be given the program that NITTA
synthesises: node ids are the same in the embedded model, which knows the state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gymcc.envs.core.memo import Memo
from gymcc.envs.nitta.numbers import NumberType
from gymcc.envs.nitta.server.serving import read_program
from gymcc.envs.nitta.tree import Node, open_tree

_RECENT = 2_000  # nodes asked about lately: NITTA goes on from there


@dataclass(frozen=True, slots=True)
class Target:
    """What NITTA synthesises: a Lua file, a microarchitecture file or "" for the default, and the type of values."""

    program: Path
    uarch: str = ""
    number_type: str = ""

    def root(self) -> Node:
        """The root of its tree; raises ValueError, and OSError for a file that cannot be read."""
        number = NumberType.parse(self.number_type) if self.number_type else None
        return open_tree(*read_program(self.program, number, Path(self.uarch) if self.uarch else None))


class Asked:
    """The nodes of the tree below ``root`` that requests are about. Not thread-safe."""

    def __init__(self, root: Node) -> None:
        self._root = root
        self._recent: Memo[str, Node] = Memo(_RECENT)

    def node(self, views: Sequence[Mapping[str, Any]]) -> Node:
        """The node that has the options which NodeViews stand for; raises ValueError where the tree has none."""
        sid = views[0]["sid"].rpartition("-")[0] or "-"
        node = self._recent.get(sid)
        if node is None:
            stem, _, last = sid.rpartition("-")
            above = self._recent.get(stem)
            node = above.below([int(last)]) if above and last.isdigit() else self._root.at(sid)
            self._recent.put(sid, node)
        return node


def index_of(node: Node, view: Mapping[str, Any]) -> int:
    """Which option of ``node`` a view stands for; raises ValueError unless it is of the same kind."""
    stem, _, last = view["sid"].rpartition("-")
    kinds = [f"{option.kind}View" for option in node.options]
    if (stem or "-") != node.sid or not last.isdigit() or not int(last) < len(kinds):
        raise ValueError(f"node {view['sid']} is not one of the {len(kinds)} children of {node.sid}")
    if kinds[int(last)] != view["decision"].get("tag"):
        odd = f"{view['sid']} is {kinds[int(last)]} here and {view['decision'].get('tag')} in NITTA"
        raise ValueError(f"{odd}: the service was started for another program or microarchitecture")
    return int(last)
