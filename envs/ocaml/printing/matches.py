"""Matches as OCaml text."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gymcc.envs.ocaml.ir import Case, Constant, Decision, Evaluate, Fail, Leaf, Match, Scalar, Shape, Test
from gymcc.envs.ocaml.printing.atoms import constant
from gymcc.envs.ocaml.walk import decisions

if TYPE_CHECKING:
    from gymcc.envs.ocaml.printing.blocks import BlockPrinter

YES, NO = Leaf(0), Leaf(1)


class MatchPrinter:
    """Prints matches; ``printer`` prints what is inside them."""

    def __init__(self, printer: BlockPrinter) -> None:
        self._printer = printer
        self._writer = printer.writer
        self._count = 0

    def match(self, match: Match) -> None:
        """A match in brackets, or a condition that nothing may follow but ``in``, ``;`` and closing brackets."""
        leaves = Counter(node.arm for node in decisions(match.tree) if isinstance(node, Leaf))
        shared = [arm for arm, count in leaves.items() if count > 1 and match.arms[arm].body.bindings]
        if shared and _is_condition(match):
            self._conditional(match)
            return
        self._writer.put("(")
        functions = {arm: self._shared(match, arm) for arm in sorted(shared)}
        self._tree(match.tree, match, functions)
        self._writer.put(")")

    def _shared(self, match: Match, arm: int) -> str:
        """A local function for an arm that several leaves lead to."""
        self._count += 1
        name = f"arm_{self._count}"
        params = " ".join(map(self._printer.parameter, match.arms[arm].params)) or "()"
        self._writer.put(f"let {name} {params} =")
        with self._writer.indented():
            self._writer.newline()
            self._printer.block(match.arms[arm].body)
        self._writer.put(" in")
        self._writer.newline()
        return name

    def _tree(self, node: Decision, match: Match, functions: dict[int, str]) -> None:
        while isinstance(node, Evaluate):
            self._printer.bindings(node.bindings)
            node = node.then
        if isinstance(node, Leaf):
            self._leaf(node, match, functions)
        elif isinstance(node, Fail):
            self._writer.put('failwith "no case of the match fits"')
        elif all(_is_bool(case) for case in node.cases) and len(node.cases) == 2:
            self._if(node, match, functions)
        else:
            self._match(node, match, functions)

    def _leaf(self, leaf: Leaf, match: Match, functions: dict[int, str]) -> None:
        names = self._printer.names
        if leaf.arm in functions:
            self._writer.put(f"{functions[leaf.arm]} {' '.join(names.texts(leaf.args)) or '()'}")
            return
        arm = match.arms[leaf.arm]
        for param, atom in zip(arm.params, leaf.args, strict=True):
            names.alias(param, atom)
        self._printer.block(arm.body)

    def _if(self, test: Test, match: Match, functions: dict[int, str]) -> None:
        yes, no = _branches(test)
        self._writer.put(f"if {self._printer.names.text(test.on)} then (")
        for decision, end in ((yes, ") else ("), (no, ")")):
            with self._writer.indented():
                self._writer.newline()
                self._tree(decision, match, functions)
            self._writer.put(end)

    def _match(self, test: Test, match: Match, functions: dict[int, str]) -> None:
        self._writer.put(f"match {self._printer.names.text(test.on)} with")
        cases = test.cases if test.default is None else (*test.cases, test.default)
        for case in cases:
            if isinstance(case.then, Fail):
                continue  # OCaml fails by itself where no case fits
            with self._writer.indented():
                self._writer.newline()
                self._writer.put(f"| {self._pattern(case)} -> (")
                self._tree(case.then, match, functions)
                self._writer.put(")")

    def _pattern(self, case: Case) -> str:
        value = case.value
        if value is None:
            return "_"
        if isinstance(value, Constant):
            return constant(value)
        return self._constructor(value, case)

    def _constructor(self, shape: Shape, case: Case) -> str:
        bind = self._printer.names.bind
        fields = ["_" if variable is None else bind(variable) for variable in case.fields]
        return f"{fields[0]} :: {fields[1]}" if shape.name == "::" else f"{shape.name} ({', '.join(fields)})"

    # Conditions

    def _conditional(self, match: Match) -> None:
        self._writer.put("(if ")
        self._condition(match.tree)
        for word, arm in ((" then (", match.arms[0]), (") else (", match.arms[1])):
            self._writer.put(word)
            with self._writer.indented():
                self._writer.newline()
                self._printer.block(arm.body)
        self._writer.put("))")

    def _condition(self, tree: Decision) -> None:
        """A tree whose leaves are arms 0 and 1 as a boolean: whether it leads to arm 0."""
        if isinstance(tree, Leaf):
            self._writer.put("true" if tree == YES else "false")
            return
        self._writer.put("(")
        if isinstance(tree, Evaluate):
            self._printer.bindings(tree.bindings)
            self._condition(tree.then)
        elif isinstance(tree, Test):
            self._tested(self._printer.names.text(tree.on), *_branches(tree))
        self._writer.put(")")

    def _tested(self, on: str, yes: Decision, no: Decision) -> None:
        if no == NO:
            self._joined(f"{on} && ", yes)
        elif yes == YES:
            self._joined(f"{on} || ", no)
        elif yes == NO:
            self._joined(f"not {on} && ", no)
        elif no == YES:
            self._joined(f"not {on} || ", yes)
        else:
            self._joined(f"if {on} then ", yes)
            self._joined(" else ", no)

    def _joined(self, text: str, tree: Decision) -> None:
        self._writer.put(text)
        self._condition(tree)


def _is_bool(case: Case) -> bool:
    return isinstance(case.value, Constant) and case.value.scalar is Scalar.BOOL


def _branches(test: Test) -> tuple[Decision, Decision]:
    """What follows true and false."""
    first, second = test.cases
    assert isinstance(first.value, Constant)
    return (first.then, second.then) if first.value.value else (second.then, first.then)


def _is_condition(match: Match) -> bool:
    """Whether the match is an ``if``: two arms without parameters, and tests of booleans only."""
    if len(match.arms) != 2 or any(arm.params for arm in match.arms):
        return False
    tests = [node for node in decisions(match.tree) if not isinstance(node, Evaluate | Leaf)]
    return all(isinstance(test, Test) and len(test.cases) == 2 and all(map(_is_bool, test.cases)) for test in tests)
