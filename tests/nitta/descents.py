"""Random ways down a synthesis tree, and known complete schedules of the shipped programs.

``python -m tests.nitta.descents`` searches for a complete schedule of every shipped program that has none in
tests/data/nitta/solutions.json, which tests open again instead of searching.
"""

from __future__ import annotations

import json
from random import Random

from gymcc.envs.nitta.frontend import compile_lua
from gymcc.envs.nitta.library import shipped_sources
from gymcc.envs.nitta.numbers import DEFAULT_TYPE
from gymcc.envs.nitta.program import Program
from gymcc.envs.nitta.tree import Node, open_tree

from .recorded import DATA

SOLUTIONS = DATA / "solutions.json"
PREPARING = {"BreakLoop", "ConstantFolding", "OptimizeAccum", "OptimizeLogicalUnit", "SingleBind", "GroupBind"}


def shipped(name: str, number_type=DEFAULT_TYPE) -> Program:
    return compile_lua(shipped_sources()[name], name, number_type)


def descend(root: Node, random: Random) -> Node | None:
    """A leaf below, None where NITTA would crash on the way; ways that tend to succeed, and quite different ones."""
    noise, prepare = random.choice((0.05, 0.2, 0.5, 1.0)), random.random() < 0.4
    node = root
    while not node.crashed and node.options:
        options = node.options
        if random.random() < noise:
            node = node.children[random.randrange(len(options))]
        else:
            values = [o.score + (9000 if prepare and o.decision.kind in PREPARING else 0) for o in options]
            node = node.children[random.choice([at for at, value in enumerate(values) if value == max(values)])]
    return None if node.crashed else node


def solutions() -> dict[str, str]:
    """By program, the id of a node without options where every variable was sent; group binds: the obvious only."""
    return json.loads(SOLUTIONS.read_text()) if SOLUTIONS.is_file() else {}


def kinds_of_decisions(node: Node) -> set[str]:
    """Those on the way to a node."""
    kinds = set()
    while node.parent:
        kinds.add(str(node.option.decision.kind))
        node = node.parent
    return kinds


def main() -> None:
    known = solutions()
    for name in shipped_sources():
        random = Random(name)
        foldable = any(o.decision.kind == "ConstantFolding" for o in open_tree(shipped(name)).options)
        while name not in known:
            leaf = descend(open_tree(shipped(name), group_binds="obvious"), random)
            if leaf and leaf.is_complete and (not foldable or "ConstantFolding" in kinds_of_decisions(leaf)):
                known[name] = leaf.sid
    ordered = {name: known[name] for name in shipped_sources()}
    SOLUTIONS.write_text(json.dumps(ordered, indent=1) + "\n")


if __name__ == "__main__":
    main()
