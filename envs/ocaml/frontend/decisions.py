"""Pattern matching to decision trees.

Rows of patterns are compiled as by Maranget ("Compiling pattern matching to good decision trees", 2008): the leftmost
pattern of the first row that tests something is tested, and each outcome keeps the rows that it does not rule out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from gymcc.envs.ocaml.frontend.builder import Builder
from gymcc.envs.ocaml.frontend.scope import Value
from gymcc.envs.ocaml.frontend.shapes import constructor_shape, record_shape, tuple_shape
from gymcc.envs.ocaml.frontend.syntax import (
    AliasPattern,
    AnyPattern,
    ConstructPattern,
    LiteralPattern,
    MatchWith,
    OrPattern,
    Pattern,
    RecordPattern,
    TuplePattern,
    TypedPattern,
    VariablePattern,
)
from gymcc.envs.ocaml.frontend.typed import Typing
from gymcc.envs.ocaml.frontend.types import Constructor, kind
from gymcc.envs.ocaml.ir import (
    Atom,
    Case,
    Constant,
    Decision,
    Fail,
    Field,
    Leaf,
    Scalar,
    Shape,
    Test,
    Variable,
)

if TYPE_CHECKING:
    from gymcc.envs.ocaml.frontend.lower_match import Matches
    from gymcc.envs.ocaml.frontend.lowering import Lowering

Bound: TypeAlias = tuple[tuple[Value, Atom], ...]
Key: TypeAlias = Constructor | tuple[Scalar, int | str]


@dataclass(frozen=True, slots=True)
class Row:
    """Patterns by column, None where anything fits; variables bound so far; number of the case."""

    patterns: tuple[Pattern | None, ...]
    bound: Bound
    case: int

    def replace(self, column: int, patterns: Sequence[Pattern | None], bound: Bound = ()) -> Row:
        """The row with other patterns in place of a column."""
        patterns = (*self.patterns[:column], *patterns, *self.patterns[column + 1 :])
        return Row(patterns, self.bound + bound, self.case)


def parts(pattern: Pattern) -> tuple[Pattern, ...]:
    """The patterns directly inside a pattern."""
    match pattern:
        case AliasPattern() | TypedPattern():
            return (pattern.pattern,)
        case TuplePattern():
            return pattern.items
        case ConstructPattern():
            return () if pattern.arg is None else (pattern.arg,)
        case RecordPattern():
            return tuple(item for _, item in pattern.fields)
        case OrPattern():
            return (pattern.left, pattern.right)
        case _:
            return ()


def variables(pattern: Pattern, typing: Typing) -> tuple[Value, ...]:
    """The variables that a pattern binds, each once."""
    found: dict[Value, None] = {}
    todo: list[Pattern] = [pattern]
    while todo:
        each = todo.pop()
        if isinstance(each, VariablePattern | AliasPattern):
            found[typing.binders[each]] = None
        todo += reversed(parts(each))
    return tuple(found)


class Decisions:
    """Compiles one ``match``; ``reached`` are the cases that some value gets to."""

    def __init__(
        self, lowering: Lowering, matches: Matches, node: MatchWith, variables: tuple[tuple[Value, ...], ...]
    ) -> None:
        self._lowering, self._matches, self._node, self._variables = lowering, matches, node, variables
        self._typing = lowering.typing
        self.reached: set[int] = set()

    def decide(self, columns: tuple[Atom, ...], rows: list[Row], out: Builder) -> Decision:
        """The tree for values in ``columns``; what it computes before its first test goes to ``out``."""
        rows = [simple for row in rows for simple in self._simplified(row, columns)]
        if not rows:
            return Fail(self._node.at)
        column = next((index for index, pattern in enumerate(rows[0].patterns) if pattern is not None), None)
        if column is None:
            return self._leaf(rows[0], columns, rows[1:], out)
        if isinstance(rows[0].patterns[column], TuplePattern | RecordPattern):
            return self._open(column, columns, rows, out)
        return self._test(column, columns, rows)

    def _under(self, columns: tuple[Atom, ...], rows: list[Row]) -> Decision:
        return self._matches.under(lambda inner: self.decide(columns, rows, inner))

    def _simplified(self, row: Row, columns: tuple[Atom, ...]) -> list[Row]:
        """Rows without variables, aliases, annotations and alternatives at the top of their patterns."""
        rows = [row]
        for column, atom in enumerate(columns):
            rows = [
                each.replace(column, (pattern,), bound)
                for each in rows
                for pattern, bound in self._alternatives(each.patterns[column], atom)
            ]
        return rows

    def _alternatives(self, pattern: Pattern | None, atom: Atom) -> list[tuple[Pattern | None, Bound]]:
        match pattern:
            case None | AnyPattern() | LiteralPattern(scalar=Scalar.UNIT):
                return [(None, ())]
            case VariablePattern():
                return [(None, ((self._typing.binders[pattern], atom),))]
            case AliasPattern():
                alias = (self._typing.binders[pattern], atom)
                return [(each, (*bound, alias)) for each, bound in self._alternatives(pattern.pattern, atom)]
            case TypedPattern():
                return self._alternatives(pattern.pattern, atom)
            case OrPattern():
                return self._alternatives(pattern.left, atom) + self._alternatives(pattern.right, atom)
            case _:
                return [(pattern, ())]

    def _leaf(self, row: Row, columns: tuple[Atom, ...], others: list[Row], out: Builder) -> Decision:
        bound = dict(row.bound)
        leaf = Leaf(row.case, tuple(bound[value] for value in self._variables[row.case]))
        self.reached.add(row.case)
        guard = self._node.cases[row.case].guard
        if guard is None:
            return leaf
        self._lowering.atoms.update(bound)
        return self._matches.decide(guard, out, leaf, lambda: self._under(columns, others))

    # Tuples and records

    def _open(self, column: int, columns: tuple[Atom, ...], rows: list[Row], out: Builder) -> Decision:
        """Load the items that some row looks at, a column each."""
        shape, opened = self._shape(rows, column), [self._items(row.patterns[column]) for row in rows]
        needed = {index: item for items in reversed(opened) for index, item in items.items() if not _ignores(item)}
        loads = [self._load(shape, index, columns[column], needed[index], out) for index in sorted(needed)]
        inner = [
            row.replace(column, [items.get(index) for index in sorted(needed)])
            for row, items in zip(rows, opened, strict=True)
        ]
        return self.decide((*columns[:column], *loads, *columns[column + 1 :]), inner, out)

    def _shape(self, rows: list[Row], column: int) -> Shape:
        pattern = rows[0].patterns[column]
        assert pattern is not None
        if isinstance(pattern, RecordPattern):
            return record_shape(self._typing.records[pattern][0].of)
        return tuple_shape(self._typing.patterns[pattern])

    def _items(self, pattern: Pattern | None) -> dict[int, Pattern]:
        if isinstance(pattern, RecordPattern):
            fields = zip(self._typing.records[pattern], pattern.fields, strict=True)
            return {field.index: item for field, (_, item) in fields}
        return dict(enumerate(pattern.items)) if isinstance(pattern, TuplePattern) else {}

    def _load(self, shape: Shape, index: int, of: Atom, pattern: Pattern, out: Builder) -> Atom:
        return out.let(kind(self._typing.patterns[pattern]), Field(shape, index, of), _hint(pattern))

    # Constructors and constants

    def _test(self, column: int, columns: tuple[Atom, ...], rows: list[Row]) -> Decision:
        keys = {self._key(pattern): None for row in rows if (pattern := row.patterns[column]) is not None}
        found = sorted(keys, key=lambda key: key.index if isinstance(key, Constructor) else 0)
        cases = tuple([self._case(key, column, columns, rows) for key in found])
        if _complete(found):
            return Test(columns[column], cases)
        others = [row for row in rows if row.patterns[column] is None]
        rest = (*columns[:column], *columns[column + 1 :])
        default = Case(self._lowering.ids.block(), None, (), self._under(rest, [_drop(row, column) for row in others]))
        return Test(columns[column], cases, default)

    def _key(self, pattern: Pattern) -> Key:
        if isinstance(pattern, ConstructPattern):
            return self._typing.constructors[pattern]
        assert isinstance(pattern, LiteralPattern)
        return pattern.scalar, pattern.value

    def _case(self, key: Key, column: int, columns: tuple[Atom, ...], rows: list[Row]) -> Case:
        id_ = self._lowering.ids.block()
        rows = [row for row in rows if (pattern := row.patterns[column]) is None or self._key(pattern) == key]
        opened = [self._fields(row.patterns[column], key) for row in rows]
        needed = {index: item for items in reversed(opened) for index, item in enumerate(items) if not _ignores(item)}
        fields = self._variables_of(key, needed)
        inner = [
            row.replace(column, [items[index] for index in sorted(needed)])
            for row, items in zip(rows, opened, strict=True)
        ]
        loads = tuple(variable.id for variable in fields if variable is not None)
        then = self._under((*columns[:column], *loads, *columns[column + 1 :]), inner)
        return Case(id_, _value(key), fields, then)

    def _fields(self, pattern: Pattern | None, key: Key) -> tuple[Pattern | None, ...]:
        if isinstance(pattern, ConstructPattern):
            return self._typing.subpatterns(pattern)
        return (None,) * len(key.args) if isinstance(key, Constructor) else ()

    def _variables_of(self, key: Key, needed: dict[int, Pattern | None]) -> tuple[Variable | None, ...]:
        count = len(key.args) if isinstance(key, Constructor) else 0
        return tuple(self._variable(needed[index]) if index in needed else None for index in range(count))

    def _variable(self, pattern: Pattern | None) -> Variable:
        assert pattern is not None
        return self._lowering.ids.variable(kind(self._typing.patterns[pattern]), _hint(pattern))


def _complete(keys: list[Key]) -> bool:
    first = keys[0]
    if isinstance(first, Constructor):
        return len(keys) == len(first.of.constructors)
    return first[0] is Scalar.BOOL and len(keys) == 2


def _value(key: Key) -> Constant | Shape:
    if not isinstance(key, Constructor):
        return Constant(*key)
    shape = constructor_shape(key)
    return shape if key.args else Constant(Scalar.CONSTRUCTOR, shape)


def _drop(row: Row, column: int) -> Row:
    return row.replace(column, ())


def _ignores(pattern: Pattern | None) -> bool:
    while isinstance(pattern, TypedPattern):
        pattern = pattern.pattern
    unit = isinstance(pattern, LiteralPattern) and pattern.scalar is Scalar.UNIT
    return unit or pattern is None or isinstance(pattern, AnyPattern)


def _hint(pattern: Pattern) -> str:
    while isinstance(pattern, TypedPattern):
        pattern = pattern.pattern
    return pattern.name if isinstance(pattern, VariablePattern | AliasPattern) else "t"
