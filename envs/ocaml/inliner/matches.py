"""Branches in code being copied: tests of what is known are decided, and an arm that alone is left stands in place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gymcc.envs.ocaml.inliner.values import BlockValue, constructor, in_field
from gymcc.envs.ocaml.ir import (
    Arm,
    Atom,
    Case,
    Constant,
    Decision,
    Evaluate,
    Fail,
    Leaf,
    Let,
    Match,
    Shape,
    Test,
    Variable,
)

if TYPE_CHECKING:
    from gymcc.envs.ocaml.inliner.copying import Copier, Out, Place


class Matches:
    """The matches of one copier."""

    def __init__(self, copier: Copier) -> None:
        self._copier = copier

    def match(self, variable: Variable, operation: Match, place: Place, out: Out) -> None:
        """Append a match as it is at ``place``, or the one arm that can be taken."""
        tree = _Tree(self._copier, place)
        root = tree.decide(operation.tree, out)
        if isinstance(root, Leaf):
            arm = operation.arms[root.arm]
            place.names.update((param.id, arg) for param, arg in zip(arm.params, root.args, strict=True))
            self._copier.bindings(arm.body.bindings, place, out)
            place.names[variable.id] = place.atom(arm.body.result)
            return
        arms, leaves = self._arms(operation, tree, place)
        self._copier.emit(variable, Match(_renumbered(root, leaves), arms), place, out)

    def _arms(
        self, operation: Match, tree: _Tree, place: Place
    ) -> tuple[tuple[Arm, ...], dict[int, tuple[int, tuple[int, ...]]]]:
        """The arms that can be taken; by old number their new number and which parameters they keep."""
        arms: list[Arm] = []
        leaves: dict[int, tuple[int, tuple[int, ...]]] = {}
        self._copier.branches += tree.branches
        for number, arm in enumerate(operation.arms):
            passed = tree.passed.get(number)
            if passed is not None:
                keep = tuple(i for i in range(len(arm.params)) if not self._same(arm.params[i], i, passed, tree, place))
                params = tuple(self._copier.bind(arm.params[i], place) for i in keep)
                leaves[number] = len(arms), keep
                arms.append(Arm(params, self._copier.block(arm.body, place)))
        self._copier.branches -= tree.branches
        return tuple(arms), leaves

    def _same(self, param: Variable, index: int, passed: list[Leaf], tree: _Tree, place: Place) -> bool:
        """Whether all leaves pass the same for a parameter, which then is no parameter any more."""
        first = passed[0].args[index]
        if first in tree.bound or any(leaf.args[index] != first for leaf in passed[1:]):
            return False
        place.names[param.id] = first
        return True


class _Tree:
    """A decision tree being copied; ``passed``: the leaves per arm, ``bound``: variables that only the tree sees."""

    def __init__(self, copier: Copier, place: Place) -> None:
        self._copier = copier
        self._place = place
        self.passed: dict[int, list[Leaf]] = {}
        self.bound: set[Atom] = set()
        self.branches = 0  # 1 if anything is left to decide at run time

    def decide(self, node: Decision, out: Out) -> Decision:
        """The tree as it is now; what is computed whatever the tests say goes to ``out``."""
        while True:
            if isinstance(node, Evaluate):
                self._copier.bindings(node.bindings, self._place, out)
                node = node.then
            elif isinstance(node, Test):
                on = self._place.atom(node.on)
                case = self._taken(node, on)
                if case is None:
                    return self._test(node, on)
                node = case.then
            elif isinstance(node, Leaf):
                leaf = Leaf(node.arm, self._place.atoms(node.args))
                self.passed.setdefault(node.arm, []).append(leaf)
                return leaf
            else:
                return node

    def _taken(self, test: Test, on: Atom) -> Case | None:
        """The case that will be taken, its fields substituted; None if that is unknown."""
        known = self._copier.known
        value = constructor(on, known)
        if value is None or (isinstance(value, BlockValue) and not self._looks_into(value)):
            return None
        case = next((each for each in test.cases if _fits(each, value)), test.default)
        if case is not None and isinstance(value, BlockValue):
            for index, field in enumerate(case.fields):
                if field is not None:
                    atom = in_field(value, index, known)
                    assert atom is not None, "fields of constructors are immutable"
                    self._place.names[field.id] = atom
        return case

    def _looks_into(self, value: BlockValue) -> bool:
        """Whether a test of a known block is decided; closure mode does so where it copies, of the program's data."""
        if self._copier.shared.rules.blocks:
            return self._copier.sees(self._place)
        return value.constant and self._place.state.copied

    def _test(self, test: Test, on: Atom) -> Test:
        branches = int(len(test.cases) + (test.default is not None) > 1)
        self.branches |= branches
        self._copier.size += 1
        self._copier.branches += branches
        cases = tuple(self._case(case) for case in test.cases)
        default = None if test.default is None else self._case(test.default)
        self._copier.branches -= branches
        return Test(on, cases, default)

    def _case(self, case: Case) -> Case:
        fields = tuple(None if field is None else self._copier.bind(field, self._place) for field in case.fields)
        self.bound.update(field.id for field in fields if field is not None)
        out: Out = []
        then = self.decide(case.then, out)
        self.bound.update(each.variable.id for each in out if isinstance(each, Let))
        for each in out:
            if not isinstance(each, Let):
                self.bound.update(function.variable.id for function in each.functions)
        return Case(case.id, case.value, fields, Evaluate(tuple(out), then) if out else then, self._place.state.path)


def _fits(case: Case, value: Constant | BlockValue) -> bool:
    if isinstance(value, BlockValue):
        return isinstance(case.value, Shape) and case.value.name == value.shape.name
    return case.value == value or case.value == value.value


def _renumbered(node: Decision, leaves: dict[int, tuple[int, tuple[int, ...]]]) -> Decision:
    if isinstance(node, Leaf):
        number, keep = leaves[node.arm]
        return Leaf(number, tuple(node.args[i] for i in keep))
    if isinstance(node, Evaluate):
        return Evaluate(node.bindings, _renumbered(node.then, leaves))
    if isinstance(node, Fail):
        return node
    cases = tuple(replace(case, then=_renumbered(case.then, leaves)) for case in node.cases)
    default = None if node.default is None else replace(node.default, then=_renumbered(node.default.then, leaves))
    return Test(node.on, cases, default)
