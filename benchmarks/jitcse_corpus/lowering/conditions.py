"""Comparisons and truth, and short-circuit jumps."""

from __future__ import annotations

import ast
from abc import abstractmethod

from gymcc.benchmarks.jitcse_corpus.lowering.core import NUMBERS
from gymcc.benchmarks.jitcse_corpus.lowering.places import Places
from gymcc.benchmarks.jitcse_corpus.lowering.unrolled import (
    TextTest,
    character,
    choices,
    class_tests,
    is_sealed,
    short_text,
    text_matches,
    text_test,
)
from gymcc.envs.jitcse.builder import Label
from gymcc.envs.jitcse.ir import COMPARISONS, Node, Op, Type
from gymcc.envs.jitcse.trees import NULL, call, compare, constant, field, helper, length

RELATIONS: dict[type[ast.cmpop], Op] = {
    ast.Eq: Op.EQ,
    ast.NotEq: Op.NE,
    ast.Lt: Op.LT,
    ast.LtE: Op.LE,
    ast.Gt: Op.GT,
    ast.GtE: Op.GE,
    ast.Is: Op.EQ,
    ast.IsNot: Op.NE,
    ast.In: Op.NE,
    ast.NotIn: Op.EQ,
}
_OPPOSITE = {Op.EQ: Op.NE, Op.NE: Op.EQ, Op.LT: Op.GE, Op.GE: Op.LT, Op.GT: Op.LE, Op.LE: Op.GT}
ZERO = constant(Type.INT, 0)


class Conditions(Places):
    """Expressions used for their truth."""

    def condition(self, node: ast.expr, yes: Label, no: Label) -> None:
        """Jump to ``yes`` or ``no``."""
        if isinstance(node, ast.BoolOp):
            self._short_circuit(node, yes, no)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            self.condition(node.operand, no, yes)
        elif (known := self.folded(node)) is not None:
            self.builder.jump(yes if known.value else no)
        elif isinstance(node, ast.Compare) and len(node.ops) > 1:
            self._chain(node, yes, no)
        elif not self._unrolled(node, yes, no):
            self.builder.branch(self.truth(node), yes, no)

    def _unrolled(self, node: ast.expr, yes: Label, no: Label) -> bool:
        """Jump on a test that RyuJIT writes out in place of a call; False if it is none."""
        if (test := text_test(node)) is not None and self.kinds.of(test.subject) is Type.OTHER:
            self._text_test(test, *((no, yes) if test.negated else (yes, no)))
        elif among := choices(node):
            assert isinstance(node, ast.Compare)
            self._choice_test(node.left, among, *((no, yes) if isinstance(node.ops[0], ast.NotIn) else (yes, no)))
        elif classes := class_tests(node):
            assert isinstance(node, ast.Call)
            self._class_tests(node.args[0], classes, yes, no)
        else:
            return False
        return True

    def _text_test(self, test: TextTest, yes: Label, no: Label) -> None:
        """A string is not null, has the length and the characters."""
        subject = self.handy(self.as_kind(test.subject, Type.OTHER))
        self._text_matches(subject, test.text, test.exact, yes, no)

    def _text_matches(self, subject: Node, text: str, exact: bool, yes: Label, no: Label) -> None:
        checks = [
            compare(Op.NE, subject, NULL),
            compare(Op.EQ if exact else Op.GE, length(subject), constant(Type.INT, len(text))),
        ]
        if text:
            checks.append(text_matches(subject, text))
        for check in checks[:-1]:
            following = Label()
            self.builder.branch(check, following, no)
            self.builder.place(following)
        self.builder.branch(checks[-1], yes, no)

    def _choice_test(self, node: ast.expr, among: list[ast.expr], yes: Label, no: Label) -> None:
        """``x is a or b or c``."""
        subject = self.handy(self.value(node))
        for index, each in enumerate(among):
            following = Label() if index < len(among) - 1 else no
            text = short_text(each)
            if text is not None and subject.type is Type.OTHER:
                self._text_matches(subject, text, True, yes, following)
            else:
                self.builder.branch(self.relation(ast.Eq(), subject, self.value(each)), yes, following)
            if following is not no:
                self.builder.place(following)

    def _class_tests(self, node: ast.expr, classes: list[ast.expr], yes: Label, no: Label) -> None:
        """An object is not null and of one of the classes."""
        subject = self.handy(self.as_kind(node, Type.OTHER))
        for index, each in enumerate(classes):
            following, address = Label() if index < len(classes) - 1 else no, self.handle(ast.unparse(each))
            if is_sealed(each):
                present = Label()
                self.builder.branch(compare(Op.NE, subject, NULL), present, following)
                self.builder.place(present)
                self.builder.branch(compare(Op.EQ, field(Type.OTHER, subject, 0), address), yes, following)
            else:
                self.builder.branch(self.instance_test(subject, address), yes, following)
            if following is not no:
                self.builder.place(following)

    def _short_circuit(self, node: ast.BoolOp, yes: Label, no: Label) -> None:
        *first, last = node.values
        for each in first:
            following = Label()
            if isinstance(node.op, ast.And):
                self.condition(each, following, no)
            else:
                self.condition(each, yes, following)
            self.builder.place(following)
        self.condition(last, yes, no)

    def _chain(self, node: ast.Compare, yes: Label, no: Label) -> None:
        """``a < b < c`` evaluates ``b`` once."""
        left = self.value(node.left)
        for op, comparator in zip(node.ops[:-1], node.comparators[:-1], strict=True):
            left = self.kept(left)
            right = self.handy(self.value(comparator))
            following = Label()
            self.builder.branch(self.relation(op, left, right), following, no)
            self.builder.place(following)
            left = right
        self.builder.branch(self.relation(node.ops[-1], left, self.value(node.comparators[-1])), yes, no)

    @abstractmethod
    def call(self, node: ast.Call) -> Node:
        """A call as a value."""

    def truth(self, node: ast.expr) -> Node:
        """Whether a value is true: a comparison's result, a number that is not 0, a sequence that is not empty."""
        if isinstance(node, ast.Compare):
            return self.comparison(node)
        value = self.call(node) if isinstance(node, ast.Call) else self.value(node)
        if value.op in COMPARISONS:
            return value
        if value.type in NUMBERS:
            return compare(Op.NE, value, constant(value.type, 0))
        sequence = isinstance(node, ast.Name | ast.Attribute) and self.kinds.has(self.kinds.sequences, node)
        if sequence and not self.kinds.has(self.kinds.maps, node):
            return compare(Op.NE, self.size(node, value), ZERO)
        return compare(Op.NE, value, NULL)

    def comparison(self, node: ast.Compare) -> Node:
        """A single comparison as a value."""
        left, right = node.left, node.comparators[0]
        if isinstance(node.ops[0], ast.In | ast.NotIn) and not self._holds_texts(right):
            left = character(left)
        return self.relation(node.ops[0], *self.operands(left, right))

    def _holds_texts(self, node: ast.expr) -> bool:
        """Whether a container is known to be none of characters."""
        known = isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict) or self.kinds.has(self.kinds.grown, node)
        return known or self.kinds.has(self.kinds.maps, node)

    def relation(self, op: ast.cmpop, left: Node, right: Node) -> Node:
        """Compare two values: numbers and references directly, other objects by a call."""
        relation = RELATIONS[type(op)]
        if isinstance(op, ast.In | ast.NotIn):
            return compare(relation, call(Type.INT, "Contains", right, left), ZERO)
        if left.type in NUMBERS and right.type in NUMBERS:
            kind = max(left.type, right.type, key=NUMBERS.index)
            return compare(relation, self.converted(left, kind), self.converted(right, kind))
        if NULL in (left, right) or (isinstance(op, ast.Is | ast.IsNot) and left.type is right.type):
            kind = left.type if right == NULL else right.type
            return compare(relation, self.converted(left, kind), self.converted(right, kind))
        if relation in (Op.EQ, Op.NE):
            return compare(_OPPOSITE[relation], call(Type.INT, "Equals", left, right), ZERO)
        return compare(relation, call(Type.INT, "Compare", left, right), ZERO)

    def instance_test(self, value: Node, handle: Node) -> Node:
        """``value is Class``: the runtime's cast helper gives null if it is not."""
        return compare(Op.NE, helper(Type.OTHER, "IsInstanceOfClass", handle, self.converted(value, Type.OTHER)), NULL)
