"""Apply a choice: definitions keep their value in a new local, uses read it (optcse.cpp, PerformCSE).

A use vanishes with the replaced use around it. A definition never does: it is kept for its effect, before the
temporary around it is read. So what was available stays so whatever else is chosen, and no order matters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gymcc.envs.jitcse.analysis import Analysis, Choice
from gymcc.envs.jitcse.frontend.roles import hoisted_statements, roles, settle
from gymcc.envs.jitcse.ir import Method, Node, Op, Type

Path = tuple[int, ...]


def perform(analysis: Analysis, choice: Choice) -> Method:
    """The method with the candidates of ``choice`` kept in new locals, one each, in order.

    Numbers that are not viable, or that have no use left because larger trees are chosen, are ignored. Hoisted
    statements that are not chosen are gone.
    """
    method, rewriter = analysis.method, Rewriter(analysis)
    chosen = sorted(settle(roles(analysis), choice))
    temporaries = {number: local for local, number in enumerate(chosen, len(method.locals))}
    blocks = []
    for index, block in enumerate(method.blocks):
        trees = [rewriter.statement(index, number, temporaries) for number in range(len(block.statements))]
        blocks.append(replace(block, statements=tuple([tree for tree in trees if tree is not None])))
    types = tuple([analysis.candidates[number].type for number in chosen])
    return replace(method, locals=method.locals + types, blocks=tuple(blocks))


@dataclass(frozen=True, slots=True)
class _Mark:
    """A tree of a chosen candidate."""

    temporary: int
    is_def: bool


_Marks = dict[Path, _Mark]


class Rewriter:
    """Single statements under any choice, for who wants to cache them."""

    def __init__(self, analysis: Analysis) -> None:
        self.method = analysis.method
        self._hoisted = hoisted_statements(analysis)
        self._trees: dict[tuple[int, int], list[tuple[Path, int, bool]]] = {}
        for number, candidate in enumerate(analysis.candidates):
            for each in candidate.occurrences if candidate.viable else ():
                self._trees.setdefault((each.block, each.statement), []).append((each.path, number, each.is_def))

    def candidates(self, block: int, statement: int) -> frozenset[int]:
        """The viable candidates with trees in a statement: all of a choice that it depends on."""
        return frozenset([number for _, number, _ in self._trees.get((block, statement), ())])

    def statement(self, block: int, statement: int, temporaries: Mapping[int, int]) -> Node | None:
        """A statement with the candidates of ``temporaries``, which names their locals, kept; None if nothing is left.

        The candidates must be a :func:`settle` d choice, or some definitions are made for nobody.
        """
        tree = self.method.blocks[block].statements[statement]
        marks = {
            path: _Mark(temporaries[number], is_def)
            for path, number, is_def in self._trees.get((block, statement), ())
            if number in temporaries
        }
        if (block, statement) not in self._hoisted:
            return _rewrite(tree, (), marks) if marks else tree
        effects = _effects(tree, (), marks)
        return _sequence(effects[:-1], effects[-1]) if effects else None


def _rewrite(tree: Node, path: Path, marks: _Marks) -> Node:
    """The tree with marked trees replaced."""
    mark = marks.get(path)
    if mark is None:
        return _rewrite_inside(tree, path, marks)
    return _sequence(_effects(tree, path, marks), Node(Op.LOCAL, tree.type, (), mark.temporary))


def _rewrite_inside(tree: Node, path: Path, marks: _Marks) -> Node:
    args = tuple([_rewrite(arg, (*path, slot), marks) for slot, arg in enumerate(tree.args)])
    return Node(tree.op, tree.type, args, tree.payload)


def _effects(tree: Node, path: Path, marks: _Marks) -> list[Node]:
    """What must be done where the value of a pure tree is not wanted: definitions, in order of evaluation."""
    mark = marks.get(path)
    if mark is not None and mark.is_def:
        return [Node(Op.STORE_LOCAL, Type.VOID, (_rewrite_inside(tree, path, marks),), mark.temporary)]
    return [each for slot, arg in enumerate(tree.args) for each in _effects(arg, (*path, slot), marks)]


def _sequence(effects: Sequence[Node], value: Node) -> Node:
    for effect in reversed(effects):
        value = Node(Op.COMMA, value.type, (effect, value))
    return value
