"""The abstract syntax of the subset. Nodes are compared by identity, so that tables can be kept by node.

``at`` is where a node begins, except in :class:`Apply`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from gymcc.envs.ocaml.ir import Position, Scalar

# Types


@dataclass(frozen=True, slots=True, eq=False)
class TypeVariable:
    """``'a``, or ``_``."""

    at: Position
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class TypeName:
    """A named type with its arguments; arrows are named ``->`` and tuples ``*``."""

    at: Position
    name: str
    args: tuple[TypeExpression, ...]


TypeExpression: TypeAlias = TypeVariable | TypeName

# Patterns


@dataclass(frozen=True, slots=True, eq=False)
class AnyPattern:
    """``_``"""

    at: Position


@dataclass(frozen=True, slots=True, eq=False)
class VariablePattern:
    """``x``"""

    at: Position
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class AliasPattern:
    """``pattern as name``"""

    at: Position
    pattern: Pattern
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class LiteralPattern:
    """A constant of a type with equality in one word, or a string."""

    at: Position
    scalar: Scalar
    value: int | str


@dataclass(frozen=True, slots=True, eq=False)
class TuplePattern:
    """``p, q``"""

    at: Position
    items: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ConstructPattern:
    """A constructor; ``arg`` is a tuple where it has several fields, or one ``_`` for all."""

    at: Position
    name: str
    arg: Pattern | None


@dataclass(frozen=True, slots=True, eq=False)
class RecordPattern:
    """``{f = p; …}``, other fields ignored."""

    at: Position
    fields: tuple[tuple[str, Pattern], ...]


@dataclass(frozen=True, slots=True, eq=False)
class OrPattern:
    """``p | q``"""

    at: Position
    left: Pattern
    right: Pattern


@dataclass(frozen=True, slots=True, eq=False)
class TypedPattern:
    """``(p : t)``"""

    at: Position
    pattern: Pattern
    type: TypeExpression


Pattern: TypeAlias = (
    AnyPattern
    | VariablePattern
    | AliasPattern
    | LiteralPattern
    | TuplePattern
    | ConstructPattern
    | RecordPattern
    | OrPattern
    | TypedPattern
)

# Expressions


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    """A constant other than a constructor."""

    at: Position
    scalar: Scalar
    value: int | float | str


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """A value, with its module path; operators and accesses (``%array.get``) are names too."""

    at: Position
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Apply:
    """``function args``; ``at`` is the function's place, ``start`` the first character of the application."""

    at: Position
    start: Position
    function: Expression
    args: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Fun:
    """``fun params -> body``"""

    at: Position
    params: tuple[Pattern, ...]
    body: Expression


@dataclass(frozen=True, slots=True, eq=False)
class If:
    """``otherwise`` is None where the source has none."""

    at: Position
    condition: Expression
    then: Expression
    otherwise: Expression | None


@dataclass(frozen=True, slots=True, eq=False)
class Both:
    """``left && right``, or ``left || right``."""

    at: Position
    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True, eq=False)
class MatchCase:
    """``| pattern when guard -> body``"""

    pattern: Pattern
    guard: Expression | None
    body: Expression


@dataclass(frozen=True, slots=True, eq=False)
class MatchWith:
    """``match of with cases``"""

    at: Position
    of: Expression
    cases: tuple[MatchCase, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Tuple:
    """``a, b``"""

    at: Position
    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Construct:
    """A constructor; ``arg`` is a tuple where it has several fields."""

    at: Position
    name: str
    arg: Expression | None


@dataclass(frozen=True, slots=True, eq=False)
class ListOf:
    """``[a; b]``, at least one item."""

    at: Position
    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ArrayOf:
    """``[|a; b|]``"""

    at: Position
    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, eq=False)
class RecordOf:
    """``{f = e; …}`` or ``{base with f = e; …}``"""

    at: Position
    fields: tuple[tuple[str, Expression], ...]
    base: Expression | None


@dataclass(frozen=True, slots=True, eq=False)
class GetField:
    """``of.field``"""

    at: Position
    of: Expression
    field: str


@dataclass(frozen=True, slots=True, eq=False)
class AssignField:
    """``of.field <- value``"""

    at: Position
    of: Expression
    field: str
    value: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """``a; b; c``"""

    at: Position
    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, eq=False)
class LetBinding:
    """``pattern = value``"""

    pattern: Pattern
    value: Expression


@dataclass(frozen=True, slots=True, eq=False)
class LetIn:
    """``let bindings in body``"""

    at: Position
    recursive: bool
    bindings: tuple[LetBinding, ...]
    body: Expression


@dataclass(frozen=True, slots=True, eq=False)
class WhileDo:
    """``while condition do body done``"""

    at: Position
    condition: Expression
    body: Expression


@dataclass(frozen=True, slots=True, eq=False)
class ForDo:
    """``for variable = first to last do body done``; ``variable`` is a name or ``_``."""

    at: Position
    variable: VariablePattern
    first: Expression
    last: Expression
    down: bool
    body: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Typed:
    """``(expression : type)``"""

    at: Position
    expression: Expression
    type: TypeExpression


Expression: TypeAlias = (
    Literal
    | Name
    | Apply
    | Fun
    | If
    | Both
    | MatchWith
    | Tuple
    | Construct
    | ListOf
    | ArrayOf
    | RecordOf
    | GetField
    | AssignField
    | Sequence
    | LetIn
    | WhileDo
    | ForDo
    | Typed
)

# Items of a file or module


@dataclass(frozen=True, slots=True, eq=False)
class LetItem:
    """``let bindings``"""

    at: Position
    recursive: bool
    bindings: tuple[LetBinding, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ConstructorDeclaration:
    """``| Name of types``"""

    at: Position
    name: str
    args: tuple[TypeExpression, ...]


@dataclass(frozen=True, slots=True, eq=False)
class FieldDeclaration:
    """``mutable name : type``"""

    at: Position
    name: str
    type: TypeExpression
    mutable: bool


@dataclass(frozen=True, slots=True, eq=False)
class TypeDefinition:
    """One of three: an alias of ``alias``, a variant of ``constructors`` or a record of ``fields``."""

    at: Position
    name: str
    parameters: tuple[str, ...]
    alias: TypeExpression | None
    constructors: tuple[ConstructorDeclaration, ...]
    fields: tuple[FieldDeclaration, ...]


@dataclass(frozen=True, slots=True, eq=False)
class TypeItem:
    """``type … and …``"""

    at: Position
    definitions: tuple[TypeDefinition, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ModuleItem:
    """``module Name = struct items end``"""

    at: Position
    name: str
    items: tuple[Item, ...]


Item: TypeAlias = LetItem | TypeItem | ModuleItem
