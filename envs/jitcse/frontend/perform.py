"""Apply a choice: definitions keep their value in a new local, uses read it (optcse.cpp, PerformCSE).

A use vanishes with the replaced use around it. A definition never does: it is kept for its effect, before the
temporary around it is read. So what was available stays so whatever else is chosen, and no order matters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gymcc.envs.jitcse.analysis import Analysis, Choice
from gymcc.envs.jitcse.ir import Block, Method, Node, Op, Type

Path = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Mark:
    """A tree of a chosen candidate."""

    temporary: int
    type: Type
    is_def: bool


def perform(analysis: Analysis, choice: Choice) -> Method:
    """The method with the chosen candidates kept in new locals, one each in order; those not viable are ignored."""
    method = analysis.method
    chosen = [n for n, candidate in enumerate(analysis.candidates) if n in choice and candidate.viable]
    marks: dict[tuple[int, int], dict[Path, _Mark]] = {}
    for temporary, number in enumerate(chosen, len(method.locals)):
        candidate = analysis.candidates[number]
        for each in candidate.occurrences:
            mark = _Mark(temporary, candidate.type, each.is_def)
            marks.setdefault((each.block, each.statement), {})[each.path] = mark
    blocks = tuple([_perform_block(index, block, marks) for index, block in enumerate(method.blocks)])
    return replace(
        method,
        locals=method.locals + tuple([analysis.candidates[number].type for number in chosen]),
        blocks=blocks,
    )


def _perform_block(index: int, block: Block, marks: dict[tuple[int, int], dict[Path, _Mark]]) -> Block:
    statements = []
    for number, tree in enumerate(block.statements):
        found = marks.get((index, number))
        statements.append(tree if found is None else _rewrite(tree, (), found))
    return replace(block, statements=tuple(statements))


def _rewrite(tree: Node, path: Path, marks: dict[Path, _Mark]) -> Node:
    mark = marks.get(path)
    if mark is None:
        return _rewrite_inside(tree, path, marks)
    value = Node(Op.LOCAL, mark.type, (), mark.temporary)
    effects = [_keep(tree, path, mark, marks)] if mark.is_def else _kept(tree, path, marks)
    for effect in reversed(effects):
        value = Node(Op.COMMA, mark.type, (effect, value))
    return value


def _rewrite_inside(tree: Node, path: Path, marks: dict[Path, _Mark]) -> Node:
    args = tuple([_rewrite(arg, (*path, slot), marks) for slot, arg in enumerate(tree.args)])
    return Node(tree.op, tree.type, args, tree.payload)


def _keep(tree: Node, path: Path, mark: _Mark, marks: dict[Path, _Mark]) -> Node:
    return Node(Op.STORE_LOCAL, Type.VOID, (_rewrite_inside(tree, path, marks),), mark.temporary)


def _kept(tree: Node, path: Path, marks: dict[Path, _Mark]) -> list[Node]:
    """The definitions under a replaced use, in order of evaluation."""
    kept = []
    for slot, arg in enumerate(tree.args):
        inside = (*path, slot)
        mark = marks.get(inside)
        kept += [_keep(arg, inside, mark, marks)] if mark is not None and mark.is_def else _kept(arg, inside, marks)
    return kept
