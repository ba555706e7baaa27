"""Locals that a choice may leave without a reader, so that what is stored to them is not computed."""

from __future__ import annotations

from collections.abc import Iterable

from gymcc.envs.jitcse.analysis import Analysis
from gymcc.envs.jitcse.backends.embedded.code.purity import divides, pure
from gymcc.envs.jitcse.frontend.perform import Rewriter
from gymcc.envs.jitcse.ir import STORES, Node, Op, Type

_DOERS = STORES | {Op.BRANCH, Op.RETURN, Op.CALL, Op.HELPER, Op.BOUNDS}  # evaluate all their arguments
_ALWAYS = -1  # stands for a local that is always read


def mortal_locals(analysis: Analysis, rewriter: Rewriter) -> frozenset[int]:
    """The locals that are assigned, and not read under every choice by something that is done under every choice."""
    return _Readers(analysis, rewriter).mortal()


class _Readers:
    """Who reads whom outside the trees of candidates: statements, or the value of a local that may be mortal."""

    def __init__(self, analysis: Analysis, rewriter: Rewriter) -> None:
        self.types = analysis.method.locals
        self.stored: set[int] = set()
        self.reads: dict[int, set[int]] = {_ALWAYS: set()}
        self.optional: set[int] = set()  # identities of the roots of candidates' trees
        trees = {
            (block, number): tree
            for block, each in enumerate(analysis.method.blocks)
            for number, tree in enumerate(each.statements)
            if rewriter.candidates(block, number) or rewriter.statement(block, number, {}) is not None
        }
        for candidate in analysis.candidates:
            for each in candidate.occurrences if candidate.viable else ():
                self.optional.add(id(_at(trees[each.block, each.statement], each.path)))
        for tree in trees.values():
            self._done(tree, _ALWAYS)

    def mortal(self) -> frozenset[int]:
        """The locals assigned that are not always read."""
        alive: set[int] = set()
        fresh = self.reads[_ALWAYS]
        while fresh:
            alive |= fresh
            fresh = {read for local in fresh for read in self.reads.get(local, ())} - alive
        return frozenset(self.stored - alive)

    def _done(self, node: Node, owner: int) -> None:
        """The tree is done for its effects, for ``owner``."""
        op = node.op
        if id(node) in self.optional:
            return
        if op is Op.STORE_LOCAL:
            self._assigned(node, owner)
        elif node.type is not Type.VOID and pure(node):
            return
        elif op in _DOERS or divides(node):
            self._all_wanted(node.args, owner)
        else:
            for arg in node.args:
                self._done(arg, owner)

    def _assigned(self, node: Node, owner: int) -> None:
        local = node.payload
        assert isinstance(local, int)
        if self.types[local] is Type.STRUCT:
            self._all_wanted(node.args, owner)
            return
        self.stored.add(local)
        self._all_wanted(node.args, local)
        self._done(node.args[0], owner)

    def _all_wanted(self, trees: Iterable[Node], owner: int) -> None:
        for tree in trees:
            self._wanted(tree, owner)

    def _wanted(self, node: Node, owner: int) -> None:
        """The tree is evaluated for its value, for ``owner``."""
        if id(node) in self.optional:
            return
        if node.op is Op.LOCAL:
            assert isinstance(node.payload, int)
            self.reads.setdefault(owner, set()).add(node.payload)
        elif node.op is Op.COMMA:
            self._done(node.args[0], owner)
            self._wanted(node.args[1], owner)
        else:
            self._all_wanted(node.args, owner)


def _at(tree: Node, path: tuple[int, ...]) -> Node:
    for step in path:
        tree = tree.args[step]
    return tree
