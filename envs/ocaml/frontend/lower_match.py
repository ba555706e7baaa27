"""Branches: conditions and pattern matching."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from gymcc.envs.ocaml.frontend.builder import Builder
from gymcc.envs.ocaml.frontend.builtins import Builtin
from gymcc.envs.ocaml.frontend.decisions import Decisions, Row, variables
from gymcc.envs.ocaml.frontend.errors import OcamlError
from gymcc.envs.ocaml.frontend.scope import Value
from gymcc.envs.ocaml.frontend.syntax import (
    AnyPattern,
    Apply,
    Both,
    Expression,
    If,
    MatchCase,
    MatchWith,
    Name,
    OrPattern,
    Pattern,
    Tuple,
    TuplePattern,
)
from gymcc.envs.ocaml.frontend.types import kind
from gymcc.envs.ocaml.ir import (
    FALSE,
    TRUE,
    UNIT,
    Arm,
    Atom,
    Block,
    Case,
    Decision,
    Evaluate,
    Leaf,
    Match,
    Test,
)

if TYPE_CHECKING:
    from gymcc.envs.ocaml.frontend.lowering import Lowering

Continue: TypeAlias = Leaf | Callable[[], Decision]  # a leaf may stand several times in a tree, other code once


class Matches:
    """Lowers the branches of one program."""

    def __init__(self, lowering: Lowering) -> None:
        self._lowering = lowering

    # Conditions

    def conditional(self, node: If, out: Builder) -> Match:
        """``if``; what its condition computes first goes to ``out``."""
        tree = self.decide(node.condition, out, Leaf(0), Leaf(1))
        arms = (self._lowering.block(node.then), self._otherwise(node))
        return Match(tree, tuple(Arm((), body) for body in arms))

    def _otherwise(self, node: If) -> Block:
        if node.otherwise is None:
            return Block(self._lowering.ids.block(), (), UNIT)
        return self._lowering.block(node.otherwise)

    def both(self, node: Both, out: Builder) -> Match:
        """``&&`` or ``||`` as a value: its right side is an arm, as it is in tail position."""
        tree = self.decide(node.left, out, Leaf(0), Leaf(1))
        right = self._lowering.block(node.right)
        known = Block(self._lowering.ids.block(), (), FALSE if node.operator == "&&" else TRUE)
        arms = (right, known) if node.operator == "&&" else (known, right)
        return Match(tree, tuple(Arm((), body) for body in arms))

    def decide(self, node: Expression, out: Builder, yes: Continue, no: Continue) -> Decision:
        """The tree that goes on to ``yes`` or ``no``; what is computed before the first test goes to ``out``."""
        if isinstance(node, Both):
            repeated = no if node.operator == "&&" else yes
            if isinstance(repeated, Leaf):
                return self._both_sides(node, out, yes, no)
        if isinstance(node, Apply) and self._is_not(node.function):
            return self.decide(node.args[0], out, no, yes)
        on = self._lowering.expression(node, out, "test")
        ids = self._lowering.ids
        cases = tuple([Case(ids.block(), value, (), _go(then)) for value, then in ((TRUE, yes), (FALSE, no))])
        return Test(on, cases)

    def _both_sides(self, node: Both, out: Builder, yes: Continue, no: Continue) -> Decision:
        def right() -> Decision:
            return self.under(lambda inner: self.decide(node.right, inner, yes, no))

        if node.operator == "&&":
            return self.decide(node.left, out, right, no)
        return self.decide(node.left, out, yes, right)

    def under(self, make: Callable[[Builder], Decision]) -> Decision:
        """A decision with what it computes before its first test."""
        inner = Builder(self._lowering.ids)
        tree = make(inner)
        return Evaluate(tuple(inner.bindings), tree) if inner.bindings else tree

    def _is_not(self, head: Expression) -> bool:
        value = self._lowering.typing.names[head] if isinstance(head, Name) else None
        return isinstance(value, Builtin) and value.name == "not"

    # Patterns

    def match(self, node: MatchWith, out: Builder) -> Match:
        """``match``; what the tree computes before the first test goes to ``out``."""
        bound = tuple(variables(case.pattern, self._lowering.typing) for case in node.cases)
        columns, rows = self._matched(node, out)
        compiler = Decisions(self._lowering, self, node, bound)
        tree = compiler.decide(columns, rows, out)
        for index, case in enumerate(node.cases):
            if index not in compiler.reached:
                raise OcamlError("no value gets to this case: those above take all", case.pattern.at)
        arms = tuple(self._arm(case, values) for case, values in zip(node.cases, bound, strict=True))
        return Match(tree, arms)

    def _matched(self, node: MatchWith, out: Builder) -> tuple[tuple[Atom, ...], list[Row]]:
        """What is tested, and the rows of patterns; a tuple that nothing keeps is not made."""
        taken = [(case, self._items(each)) for case, each in _alternatives(node)]
        if isinstance(node.of, Tuple) and all(items is not None for _, items in taken):
            columns = self._lowering.operands(node.of.items, out)
            rows = [Row(items or (None,) * len(columns), (), case) for case, items in taken if items is not None]
            return columns, rows
        atom = self._lowering.expression(node.of, out, "of")
        return (atom,), [Row((case.pattern,), (), index) for index, case in enumerate(node.cases)]

    def _items(self, pattern: Pattern) -> tuple[Pattern | None, ...] | None:
        """Patterns of a tuple's items, none at all for ``_``; None if the pattern needs the tuple itself."""
        if isinstance(pattern, AnyPattern):
            return ()
        return pattern.items if isinstance(pattern, TuplePattern) else None

    def _arm(self, case: MatchCase, values: tuple[Value, ...]) -> Arm:
        params = []
        for value in values:
            params.append(self._lowering.ids.variable(kind(value.type), value.name.rpartition(".")[2]))
            self._lowering.atoms[value] = params[-1].id
        return Arm(tuple(params), self._lowering.block(case.body))


def _alternatives(node: MatchWith) -> list[tuple[int, Pattern]]:
    """Number of the case and pattern, one for each alternative of the cases' patterns."""
    found: list[tuple[int, Pattern]] = []
    todo = [(index, case.pattern) for index, case in reversed(list(enumerate(node.cases)))]
    while todo:
        index, pattern = todo.pop()
        if isinstance(pattern, OrPattern):
            todo += [(index, pattern.right), (index, pattern.left)]
        else:
            found.append((index, pattern))
    return found


def _go(then: Continue) -> Decision:
    return then if isinstance(then, Leaf) else then()
