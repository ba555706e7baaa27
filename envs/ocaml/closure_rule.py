"""Closure mode's own heuristic: a function is inlined everywhere if its body is small (middle_end/closure/closure.ml).

Sizes are those of ``lambda_smaller``; the limit is -inline (10) and one more for each parameter. Functions are looked
at in the order of their definitions, with the calls in them inlined as decided before, inner functions first. A body
that defines functions or applies one partially, which makes a closure, is never small.
"""

from __future__ import annotations

from gymcc.envs.ocaml.inliner import CLOSURE, Session, sites
from gymcc.envs.ocaml.inliner.references import plain_references
from gymcc.envs.ocaml.ir import (
    Atom,
    Binding,
    Block,
    Call,
    CallKind,
    Constant,
    Evaluate,
    Field,
    For,
    Function,
    LetFunctions,
    Make,
    Match,
    Operation,
    Prim,
    Program,
    Scalar,
    SetField,
    Shape,
    Test,
    While,
)
from gymcc.envs.ocaml.primitives import Kind, Primitive
from gymcc.envs.ocaml.walk import atoms, decisions, functions, inner_blocks

LIMIT = 10  # -inline, of a compiler without Flambda
_LARGE = 1_000_000  # size of what is never inlined
_EXTERNAL = 10  # a call of C that may allocate, without its arguments
_BRANCH, _COMPARED, _SWITCH = 2, 5, 5
_PLAIN_EXTERNAL = 4  # one that does not, or a function of the library
_SIZES = {
    Primitive.STRING_LENGTH: 5,
    Primitive.STRING_GET: 6,
    Primitive.INT_OF_CHAR: 0,
    Primitive.ARRAY_MAKE: _EXTERNAL,
    Primitive.ARRAY_OF: 5,
}
_LIBRARY = ("string.", "print.")
_CALLED = """
int.min int.max int.abs float.min float.max array.copy failwith invalid_arg char.of_int
float.exp float.log float.sin float.cos float.tan float.atan float.atan2 float.pow float.floor float.ceil float.mod
"""
_PLAIN = frozenset(_CALLED.split())  # calls of the library, or of C without allocation


def default_sites(program: Program) -> frozenset[int]:
    """The sites that closure mode inlines unasked."""
    session = Session(program, CLOSURE)
    calls = [site for site in program.sites if site.callee is not None and site.kind is CallKind.DIRECT]
    chosen: frozenset[int] = frozenset()
    for _ in range(len(functions(program))):  # each depends on those before it alone: they settle one by one
        residual = session.residual(sites(chosen))
        small = {id_ for id_, function in functions(residual.program()).items() if is_small(function)}
        inlined = {opening.path[0] for opening in residual.openings if len(opening.path) == 1 and not opening.closed}
        found = frozenset(site.id for site in calls if site.callee in small and site.id in inlined)
        if found == chosen:
            break
        chosen = found
    return chosen


def is_small(function: Function) -> bool:
    """Whether closure mode inlines a function's body as it is."""
    return size(function) <= LIMIT + len(function.params)


def size(function: Function) -> int:
    """Of a body, in the units of ``lambda_smaller``."""
    return _Sizer(plain_references(function, lambda variable: True)).block(function.body)


class _Sizer:
    """``registers`` are references that the compiler keeps in registers."""

    def __init__(self, registers: frozenset[int]) -> None:
        self._registers = registers

    def block(self, block: Block) -> int:
        """A block with its result."""
        return _constants((block.result,)) + self._all(block.bindings)

    def _all(self, bindings_: tuple[Binding, ...]) -> int:
        return sum(
            _LARGE if isinstance(each, LetFunctions) else self._operation(each.variable.id, each.operation)
            for each in bindings_
        )

    def _operation(self, variable: int, operation: Operation) -> int:
        own = _constants(atoms(operation)) + sum(map(self.block, inner_blocks(operation)))
        match operation:
            case Call():
                return own + _call(operation)
            case Prim():
                return own + _prim(operation)
            case Make():
                return own + self._make(variable, operation)
            case Field():
                return own + (operation.of not in self._registers)
            case SetField():
                return own + self._set(operation)
            case Match():
                return own + self._match(operation)
            case While():
                return own + 2
            case For():
                return own + 4

    def _make(self, variable: int, make: Make) -> int:
        if variable in self._registers:
            return 0
        constant = not make.shape.mutable and all(isinstance(arg, Constant) for arg in make.args)
        return 1 - len(make.args) if constant else 5 + len(make.args)

    def _set(self, operation: SetField) -> int:
        if operation.of in self._registers:
            return 1
        immediate = operation.shape.fields[operation.index].kind in (Kind.INT, Kind.FLOAT)
        return 1 if immediate or isinstance(operation.value, Constant) else 4

    def _match(self, match: Match) -> int:
        total = 0
        for node in decisions(match.tree):
            if isinstance(node, Test):
                total += _test(node)
            elif isinstance(node, Evaluate):
                total += self._all(node.bindings)
        return total


def _constants(of: tuple[Atom, ...]) -> int:
    return sum(isinstance(atom, Constant) for atom in of)


def _call(call: Call) -> int:
    if call.kind is CallKind.PARTIAL:
        return _LARGE
    return {CallKind.UNKNOWN: 6, CallKind.OVER: 10}.get(call.kind, 4)


def _prim(prim: Prim) -> int:
    primitive, generic = prim.primitive, prim.element in (Kind.ANY, None)
    if primitive in _SIZES:
        return _SIZES[primitive] + len(prim.args)
    if primitive is Primitive.ARRAY_LENGTH:
        return 6 if generic else 2
    if primitive is Primitive.ARRAY_GET:
        return 18 if generic else 8
    if primitive is Primitive.ARRAY_SET:
        return 22 if generic else 10
    if primitive.value.startswith("any."):
        return _EXTERNAL + len(prim.args)
    if primitive.value in _PLAIN or primitive.value.startswith(_LIBRARY):
        return _PLAIN_EXTERNAL + len(prim.args)
    return 2


def _test(test: Test) -> int:
    """A branch, and the loads of the fields that its cases use."""
    cases = test.cases
    loads = sum(field is not None for case in cases for field in case.fields)
    branches = len(cases) + (test.default is not None)
    if branches < 2:
        return loads
    value = cases[0].value
    if isinstance(value, Constant) and value.scalar is not Scalar.CONSTRUCTOR:
        return loads + (_BRANCH if value.scalar is Scalar.BOOL else min(_COMPARED * len(cases), 2 * _SWITCH))
    return loads + _constructors(test)


def _constructors(test: Test) -> int:
    """A branch on a constructor: on a word, on whether it is one, by a table of constants or one of tags."""
    shapes = [case.value.value if isinstance(case.value, Constant) else case.value for case in test.cases]
    known = [shape for shape in shapes if isinstance(shape, Shape)]
    blocks = sum(bool(shape.fields) for shape in known)
    constants, others = len(known) - blocks, test.default is not None
    if known[0].siblings == 2 and blocks < 2 and constants < 2:  # as lists and options: not both are blocks
        return _BRANCH
    if not blocks:
        return _BRANCH + 2 + min(_COMPARED * constants, _SWITCH)
    return _SWITCH * (blocks + others > 1) + _SWITCH * (constants + (others and constants > 0) > 1)
