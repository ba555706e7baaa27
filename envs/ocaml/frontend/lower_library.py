"""Library functions to primitives, by the types of their arguments where OCaml specialises them."""

from __future__ import annotations

from collections.abc import Callable

from gymcc.envs.ocaml.frontend.builder import Builder
from gymcc.envs.ocaml.frontend.builtins import Builtin
from gymcc.envs.ocaml.frontend.errors import OcamlError
from gymcc.envs.ocaml.frontend.shapes import element_kind, record_shape, tuple_shape
from gymcc.envs.ocaml.frontend.types import ARRAY, REF, STRING, Constructed, Type, kind, prune
from gymcc.envs.ocaml.ir import UNIT, Atom, Constant, Field, Make, Position, Prim, Scalar, SetField
from gymcc.envs.ocaml.primitives import Effect, Kind, Primitive

_PLAIN = """
+ int.add | - int.sub | * int.mul | / int.div | mod int.mod | land int.and | lor int.or | lxor int.xor | lsl int.lsl
lsr int.lsr | asr int.asr | ~- int.neg | abs int.abs | lnot int.not | +. float.add | -. float.sub | *. float.mul
/. float.div | ** float.pow | atan2 float.atan2 | mod_float float.mod | ~-. float.neg | sqrt float.sqrt
exp float.exp | log float.log | sin float.sin | cos float.cos | tan float.tan | atan float.atan | floor float.floor
ceil float.ceil | abs_float float.abs | float_of_int float.of_int | float float.of_int | Float.of_int float.of_int
int_of_float int.of_float | truncate int.of_float | Float.to_int int.of_float | min any.min | max any.max
not bool.not | ^ string.concat | String.length string.length | %string.get string.get | String.get string.get
String.sub string.sub | String.make string.make | string_of_int string.of_int | string_of_float string.of_float
string_of_bool string.of_bool | Char.code int.of_char | int_of_char int.of_char | Char.chr char.of_int
char_of_int char.of_int | print_int print.int | print_char print.char | print_string print.string
print_endline print.line | print_float print.float | print_newline print.newline | failwith failwith
invalid_arg invalid_arg
"""
_PRIMITIVES = {
    name: Primitive(primitive)
    for name, primitive in (each.split() for each in _PLAIN.strip().replace("\n", " | ").split(" | "))
}
_COMPARISONS = {"=": "eq", "<>": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "compare": "compare"}
_ARRAYS = {
    "Array.length": Primitive.ARRAY_LENGTH,
    "%array.get": Primitive.ARRAY_GET,
    "Array.get": Primitive.ARRAY_GET,
    "%array.set": Primitive.ARRAY_SET,
    "Array.set": Primitive.ARRAY_SET,
    "Array.copy": Primitive.ARRAY_COPY,
}
_REF = record_shape(REF)
_STEPS = {"succ": 1, "pred": -1, "incr": 1, "decr": -1}


def signature(type_: Type, arity: int) -> tuple[tuple[Type, ...], Type]:
    """Types of the parameters and of the result of a function's type."""
    params = []
    for _ in range(arity):
        type_ = prune(type_)
        assert isinstance(type_, Constructed)
        params.append(type_.args[0])
        type_ = type_.args[1]
    return tuple(params), type_


def compared_kind(type_: Type) -> Kind:
    """How OCaml compares values of the type: as immediates, floats, strings (BLOCK) or anything."""
    type_ = prune(type_)
    if isinstance(type_, Constructed) and type_.of is STRING.of:
        return Kind.BLOCK
    found = kind(type_)
    return found if found in (Kind.INT, Kind.FLOAT) else Kind.ANY


class Library:
    """One application of a library function to all of its arguments; ``type_`` is the function's there."""

    def __init__(self, builtin: Builtin, type_: Type, at: Position, out: Builder, hint: str) -> None:
        self._name = builtin.name
        self._types, self._result = signature(type_, builtin.arity)
        self._at, self._out, self._hint = at, out, hint

    def apply(self, args: tuple[Atom, ...]) -> Atom:
        """Append the work; the atom of the result."""
        if self._name in _PRIMITIVES:
            return self._primitive(_PRIMITIVES[self._name], args)
        if self._name in _COMPARISONS:
            prefix = {Kind.INT: "int", Kind.FLOAT: "float", Kind.BLOCK: "string"}
            family = prefix.get(compared_kind(self._types[0]), "any")
            return self._primitive(Primitive(f"{family}.{_COMPARISONS[self._name]}"), args)
        if self._name in _ARRAYS:
            return self._primitive(_ARRAYS[self._name], args, element_kind(self._types[0]))
        return _OTHERS[self._name](self, args)

    def _primitive(self, primitive: Primitive, args: tuple[Atom, ...], element: Kind | None = None) -> Atom:
        at = self._at if Effect.FAILS in primitive.effect else None
        name = "u" if Effect.WRITES in primitive.effect else self._hint
        result = self._out.let(kind(self._result), Prim(primitive, args, element, at), name)
        return UNIT if Effect.WRITES in primitive.effect else result

    def _make(self, args: tuple[Atom, ...]) -> Atom:
        return self._primitive(Primitive.ARRAY_MAKE, args, kind(self._types[1]))

    def _same(self, args: tuple[Atom, ...]) -> Atom:
        type_ = prune(self._types[0])
        mutable = isinstance(type_, Constructed) and (type_.of is ARRAY or any(f.mutable for f in type_.of.fields))
        if kind(type_) is not Kind.INT and not mutable:
            message = f"'{self._name}' compares ints, chars, bools, references, arrays and records with mutable fields"
            raise OcamlError(message, self._at)
        return self._primitive(Primitive.SAME if self._name == "==" else Primitive.NOT_SAME, args)

    def _identity(self, args: tuple[Atom, ...]) -> Atom:
        return args[0]

    def _ignore(self, args: tuple[Atom, ...]) -> Atom:
        return UNIT

    def _part(self, args: tuple[Atom, ...]) -> Atom:
        index = 0 if self._name == "fst" else 1
        return self._out.let(kind(self._result), Field(tuple_shape(self._types[0]), index, args[0]), self._hint)

    def _step(self, args: tuple[Atom, ...]) -> Atom:
        return self._stepped(args[0])

    def _stepped(self, atom: Atom) -> int:
        step = Constant(Scalar.INT, _STEPS[self._name])
        return self._out.let(Kind.INT, Prim(Primitive.INT_ADD, (atom, step)), self._hint)

    def _reference(self, args: tuple[Atom, ...]) -> Atom:
        return self._out.let(Kind.BLOCK, Make(_REF, args), self._hint)

    def _load(self, args: tuple[Atom, ...]) -> Atom:
        return self._out.let(kind(self._result), Field(_REF, 0, args[0]), self._hint)

    def _store(self, args: tuple[Atom, ...]) -> Atom:
        self._out.let(Kind.INT, SetField(_REF, 0, *args), "u")
        return UNIT

    def _count(self, args: tuple[Atom, ...]) -> Atom:
        value = self._out.let(Kind.INT, Field(_REF, 0, args[0]), "t")
        return self._store((args[0], self._stepped(value)))


_OTHERS: dict[str, Callable[[Library, tuple[Atom, ...]], Atom]] = {
    "Array.make": Library._make,
    "==": Library._same,
    "!=": Library._same,
    "~+": Library._identity,
    "~+.": Library._identity,
    "ignore": Library._ignore,
    "fst": Library._part,
    "snd": Library._part,
    "succ": Library._step,
    "pred": Library._step,
    "ref": Library._reference,
    "!": Library._load,
    ":=": Library._store,
    "incr": Library._count,
    "decr": Library._count,
}
