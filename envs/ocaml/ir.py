"""The intermediate representation of the OCaml subset: A-normal form with stable ids for sites, blocks and functions.

Form
    A :class:`Program` is its ``main`` :class:`Function` (id 0, no parameters: the top level, run once). A function's
    body is a :class:`Block`: bindings in order of evaluation, then an atom, its result. An atom is the id of a variable
    (an ``int``) or a :class:`Constant`; operations take atoms only and what they compute is always bound by a
    :class:`Let`, of unit too. There is no ``let x = y``: the front end substitutes, and so must who rewrites.
    Lists instead of nested lets keep long programs flat: no recursion over their length is needed.

    Evaluation order is the order of bindings; the front end has made ocamlopt's order (right to left) explicit.
    A binding is in tail position if its variable is the block's result and it is the last, and the block is the
    body of a function, or an arm of a match in tail position. ocamlopt jumps instead of calling there.

Variables
    Ids are unique in a program: each is bound once, in one place (:class:`Variable`: parameter, let, function, field of
    a case, parameter of an arm, for loop), and no scope hides another, so that substitution is a dictionary lookup and
    needs no renaming; a copy of code takes fresh ids for what it binds (``Program.variables`` is the first free one).
    Nothing reassigns a variable; OCaml's references are records with the mutable field ``contents``.
    ``Program.globals`` are the variables of definitions at the top level, which no closure captures; what else is bound
    in ``main.body`` is local to it.

Functions and calls
    :class:`LetFunctions` binds the closures of functions defined together, which share one heap block.
    ``Function.free`` are the variables that any of them uses and does not bind, neither global nor of the group nor
    static closures; empty means that the closures are static: allocated by the compiler and captured by nobody
    (``walk.captured``). All parameters of directly nested ``fun`` are of one function, as in OCaml: its arity.
    :class:`Call` applies an atom to one or more arguments; ``site`` indexes ``Program.sites``: the applications of the
    source whose head is no primitive, in the order in which their heads stand there. A site stands twice only where a
    decision tree repeats a guard.
    A call's ``kind`` is what is known where it stands now (an inliner may turn unknown into direct), the site's
    ``kind`` what the source says.

Branches
    :class:`Match` is every branch of the language: ``if``, ``match``, ``&&``, ``||``. A decision tree tests atoms and
    ends in leaves that name an arm and pass it atoms, so an arm's body stands once however many leaves lead to it;
    the taken case of a test of a constructor binds the fields. ``Evaluate`` inside a tree computes what later tests
    need (a guard, the right side of ``&&``, a field of a tuple). To know the tested atom is to replace the test by
    its case; to be left with a leaf is to splice the arm in place of the match, substituting its parameters.

Counts
    Every :class:`Block` and every :class:`Case` has an ``id`` unique in the source program; copies keep it and say
    in ``path`` at which sites, outermost first, they were copied (() for the source itself). Straight-line code runs
    equally often, so an operation is charged ``count(context, id)`` of the block or case that it stands in: bindings
    of a block under the block, a match's first test too; what lies below a case under that case; an arm's body
    under its own block, which ran as often as the leaves that name it were reached. When a callee's body or a known
    arm is spliced, its operations may count under the block they land in: the numbers are equal.
    A calling context is a root function, run as its own declaration, and steps (site, function started there):
    see ``interpreter.contexts``. Residual code at path (s1…sk) of declaration f runs ``count(f; s1…sk)`` times.

Kinds
    ``Variable.kind`` is the machine representation that typing gives: INT immediate, FLOAT a double (boxed where it is
    stored, passed or returned unless a consumer takes it raw), BLOCK a pointer or constant constructor, never a
    double, ANY polymorphic: the compiler knows nothing.

All classes are frozen and hashable; equal means structurally equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from gymcc.envs.ocaml.primitives import Kind, Primitive

Path: TypeAlias = tuple[int, ...]  # site ids, outermost first


class Position(NamedTuple):
    """A place in the source as OCaml counts: lines from 1, columns from 0."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.line}:{self.column}"


class Scalar(StrEnum):
    """Type of a constant, for printing it; all but FLOAT and STRING are immediate."""

    INT = "int"  # value: int in 63 bits
    BOOL = "bool"  # value: 0 or 1
    CHAR = "char"  # value: 0 to 255
    UNIT = "unit"  # value: 0
    FLOAT = "float"  # value: float
    STRING = "string"  # value: str, one character per byte
    CONSTRUCTOR = "constructor"  # value: Shape without fields


@dataclass(frozen=True, slots=True)
class FieldType:
    """A field of a block; ``name`` is empty in tuples and constructors."""

    name: str
    kind: Kind
    mutable: bool = False


class Form(StrEnum):
    """What a shape is in the source."""

    TUPLE = "tuple"
    RECORD = "record"
    CONSTRUCTOR = "constructor"


@dataclass(frozen=True, slots=True)
class Shape:
    """Layout of a heap block, or a constant constructor if ``form`` is CONSTRUCTOR and there are no fields.

    ``name`` is the constructor's or record type's, unique in the program; ``type`` the declared type's.
    ``index`` is the constructor's place among all of its type, ``siblings`` how many there are, ``constants`` how many
    of them have no fields.
    """

    form: Form
    name: str
    type: str
    fields: tuple[FieldType, ...]
    index: int = 0
    siblings: int = 1
    constants: int = 0

    @property
    def flat(self) -> bool:
        """Whether its doubles are stored unboxed: a record of floats only."""
        return self.form is Form.RECORD and all(field.kind is Kind.FLOAT for field in self.fields)

    @property
    def mutable(self) -> bool:
        """Whether a field can be assigned."""
        return any(field.mutable for field in self.fields)


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """A literal. Unlike Python's, equality tells 0.0 from -0.0 and 1 from 1.0 and from true."""

    scalar: Scalar
    value: int | float | str | Shape

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Constant) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[Scalar, object]:
        return self.scalar, repr(self.value) if self.scalar is Scalar.FLOAT else self.value


UNIT = Constant(Scalar.UNIT, 0)
TRUE = Constant(Scalar.BOOL, 1)
FALSE = Constant(Scalar.BOOL, 0)

Atom: TypeAlias = int | Constant


class Variable(NamedTuple):
    """The binder of a variable; uses name it by ``id``. ``name`` is the source's, for people, or a hint like "t"."""

    id: int
    kind: Kind
    name: str


class CallKind(StrEnum):
    """What is known of a call where it stands; the first that fits."""

    UNKNOWN = "unknown"  # the function is a value: parameter, field, result of a call
    PARTIAL = "partial"  # fewer arguments than parameters: allocates a closure
    SELF = "self"  # the function is of a recursive group that is being defined around the call
    OVER = "over"  # more arguments than parameters: a direct call, then an unknown one of its result
    DIRECT = "direct"


@dataclass(frozen=True, slots=True)
class Call:
    """``function args``; ``path`` as said under Counts."""

    site: int
    kind: CallKind
    function: Atom
    args: tuple[Atom, ...]
    path: Path = ()


@dataclass(frozen=True, slots=True)
class Prim:
    """A primitive operation. ``element`` is the kind of the elements in array primitives, else None.

    ``at`` is where the source has it, for those that can fail (bounds, division by zero, failwith).
    """

    primitive: Primitive
    args: tuple[Atom, ...]
    element: Kind | None = None
    at: Position | None = None


@dataclass(frozen=True, slots=True)
class Make:
    """Allocate a block of ``shape``, one atom per field. Constant constructors are constants instead."""

    shape: Shape
    args: tuple[Atom, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """Load field ``index`` of a tuple or record."""

    shape: Shape
    index: int
    of: Atom


@dataclass(frozen=True, slots=True)
class SetField:
    """Store into field ``index`` of a record; unit."""

    shape: Shape
    index: int
    of: Atom
    value: Atom


@dataclass(frozen=True, slots=True)
class While:
    """Run ``condition``, stop if it is false, run ``body``, repeat; unit."""

    condition: Block
    body: Block


@dataclass(frozen=True, slots=True)
class For:
    """``for variable = first to last`` (``down``: downto), bounds included; unit."""

    variable: Variable
    first: Atom
    last: Atom
    down: bool
    body: Block


@dataclass(frozen=True, slots=True)
class Leaf:
    """Go to arm number ``arm``, passing ``args`` for its parameters."""

    arm: int
    args: tuple[Atom, ...] = ()


@dataclass(frozen=True, slots=True)
class Fail:
    """No case matches: ends the program (OCaml: Match_failure)."""

    at: Position


@dataclass(frozen=True, slots=True)
class Case:
    """One outcome of a test, counted under ``id``.

    ``value`` is the constant tested for, or the shape of the constructor, whose fields are then loaded into ``fields``
    (None: not used), or None in a default case.
    """

    id: int
    value: Constant | Shape | None
    fields: tuple[Variable | None, ...]
    then: Decision
    path: Path = ()


@dataclass(frozen=True, slots=True)
class Test:
    """Take the case whose value ``on`` has, else ``default``; None there means that ``cases`` are all there are.

    Tests of booleans have both cases and no default. One case alone and no default is no branch.
    """

    on: Atom
    cases: tuple[Case, ...]
    default: Case | None = None


@dataclass(frozen=True, slots=True)
class Evaluate:
    """Bindings in the middle of a decision; never in tail position."""

    bindings: tuple[Binding, ...]
    then: Decision


Decision: TypeAlias = Leaf | Fail | Test | Evaluate


@dataclass(frozen=True, slots=True)
class Arm:
    """What a match computes when a leaf leads here; the match's value is the body's."""

    params: tuple[Variable, ...]
    body: Block


@dataclass(frozen=True, slots=True)
class Match:
    """Decide, then compute one arm. In an ``if``, arm 0 is ``then`` and arm 1 ``else``."""

    tree: Decision
    arms: tuple[Arm, ...]


Operation: TypeAlias = Call | Prim | Make | Field | SetField | Match | While | For


@dataclass(frozen=True, slots=True)
class Let:
    """Bind what an operation computes."""

    variable: Variable
    operation: Operation


@dataclass(frozen=True, slots=True)
class Function:
    """A function; see Functions and calls above.

    ``id`` numbers functions in source order from 1 and is kept by copies, which differ in ``path``; ``variable`` holds
    the closure and carries the name, with its module's if it has one (``Set.add``) or ``fun`` if anonymous; ``group``
    is the id of the first function defined together with it; ``result`` the kind of what it returns.
    """

    id: int
    variable: Variable
    params: tuple[Variable, ...]
    body: Block
    free: tuple[int, ...]
    group: int
    result: Kind
    at: Position
    path: Path = ()

    @property
    def name(self) -> str:
        """The source's name."""
        return self.variable.name


@dataclass(frozen=True, slots=True)
class LetFunctions:
    """Closures defined together; ``recursive``: their bodies may name each other."""

    functions: tuple[Function, ...]
    recursive: bool


Binding: TypeAlias = Let | LetFunctions


@dataclass(frozen=True, slots=True)
class Block:
    """Straight-line code and its result, counted under ``id``."""

    id: int
    bindings: tuple[Binding, ...]
    result: Atom
    path: Path = ()


@dataclass(frozen=True, slots=True)
class Site:
    """A call site of the source.

    ``head`` is where the applied function's name begins (an infix operator: the operator), ``start`` where the
    application begins; they differ for infix operators only. ``caller`` and ``callee`` are ids of functions; callee
    is None if the source does not say which.
    """

    id: int
    head: Position
    start: Position
    kind: CallKind
    caller: int
    callee: int | None
    arguments: int


@dataclass(frozen=True, slots=True)
class TypeDeclaration:
    """A type of the source for the printer: ``text`` is its right side in OCaml with the program-wide unique names."""

    name: str
    parameters: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Program:
    """A whole program. Blocks and cases have ids below ``blocks``, variables below ``variables``.

    ``globals`` are the variables of definitions at the top level, in order.
    """

    name: str
    types: tuple[TypeDeclaration, ...]
    main: Function
    globals: tuple[int, ...]
    sites: tuple[Site, ...]
    blocks: int
    variables: int
