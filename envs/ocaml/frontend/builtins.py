"""What a program can use without defining it: types, functions and constants of OCaml's standard library."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from math import inf, nan

from gymcc.envs.ocaml.frontend.cursor import Cursor
from gymcc.envs.ocaml.frontend.lexer import tokenize
from gymcc.envs.ocaml.frontend.literals import MAX_INT, MIN_INT
from gymcc.envs.ocaml.frontend.parse_types import parse_type
from gymcc.envs.ocaml.frontend.syntax import TypeExpression, TypeVariable
from gymcc.envs.ocaml.frontend.types import (
    ARRAY,
    ARROW,
    BOOL,
    CHAR,
    FLOAT,
    GENERIC,
    INT,
    LIST,
    OPTION,
    REF,
    STRING,
    TUPLE,
    UNIT,
    Constructed,
    Constructor,
    Named,
    RecordField,
    Type,
    Variable,
    prune,
)
from gymcc.envs.ocaml.ir import Constant, Scalar

_TYPES = """
+ - * / mod : int -> int -> int
land lor lxor lsl lsr asr : int -> int -> int
~- ~+ succ pred abs lnot : int -> int
+. -. *. /. ** atan2 mod_float : float -> float -> float
~-. ~+. sqrt exp log sin cos tan atan floor ceil abs_float : float -> float
float_of_int float Float.of_int : int -> float
int_of_float truncate Float.to_int : float -> int
= <> < <= > >= == != : 'a -> 'a -> bool
compare : 'a -> 'a -> int
min max : 'a -> 'a -> 'a
not : bool -> bool
ignore : 'a -> unit
fst : 'a * 'b -> 'a
snd : 'a * 'b -> 'b
ref : 'a -> 'a ref
! : 'a ref -> 'a
:= : 'a ref -> 'a -> unit
incr decr : int ref -> unit
Array.length : 'a array -> int
Array.make : int -> 'a -> 'a array
%array.get Array.get : 'a array -> int -> 'a
%array.set Array.set : 'a array -> int -> 'a -> unit
Array.copy : 'a array -> 'a array
^ : string -> string -> string
String.length : string -> int
%string.get String.get : string -> int -> char
String.sub : string -> int -> int -> string
String.make : int -> char -> string
string_of_int : int -> string
string_of_float : float -> string
string_of_bool : bool -> string
Char.code int_of_char : char -> int
Char.chr char_of_int : int -> char
print_int : int -> unit
print_char : char -> unit
print_string print_endline : string -> unit
print_float : float -> unit
print_newline : unit -> unit
failwith invalid_arg : string -> 'a
max_int min_int : int
infinity neg_infinity nan epsilon_float max_float min_float : float
"""
CONSTANTS = {
    "max_int": Constant(Scalar.INT, MAX_INT),
    "min_int": Constant(Scalar.INT, MIN_INT),
    "infinity": Constant(Scalar.FLOAT, inf),
    "neg_infinity": Constant(Scalar.FLOAT, -inf),
    "nan": Constant(Scalar.FLOAT, nan),
    "epsilon_float": Constant(Scalar.FLOAT, sys.float_info.epsilon),
    "max_float": Constant(Scalar.FLOAT, sys.float_info.max),
    "min_float": Constant(Scalar.FLOAT, sys.float_info.min),
}


@dataclass(frozen=True, slots=True, eq=False)
class Builtin:
    """A function or constant of the library; ``arity`` 0 for constants."""

    name: str
    type: Type
    arity: int


def _declare() -> dict[str, Named]:
    parameters = {each: Variable(GENERIC) for each in (ARRAY, LIST, OPTION, REF)}
    for named, parameter in parameters.items():
        named.parameters = (parameter,)
    item = parameters[LIST]
    LIST.constructors = [
        Constructor("[]", "[]", LIST, (), 0),
        Constructor("::", "::", LIST, (item, Constructed(LIST, (item,))), 1),
    ]
    OPTION.constructors = [
        Constructor("None", "None", OPTION, (), 0),
        Constructor("Some", "Some", OPTION, (parameters[OPTION],), 1),
    ]
    REF.fields = [RecordField("contents", "contents", REF, parameters[REF], True, 0)]
    scalars = (INT.of, FLOAT.of, BOOL.of, CHAR.of, UNIT.of, STRING.of)
    return {named.name: named for named in (*parameters, *scalars)}


TYPES = _declare()
CONSTRUCTORS = {each.name: each for named in (LIST, OPTION) for each in named.constructors}
FIELDS = {"contents": REF.fields[0]}


def _convert(expression: TypeExpression, seen: dict[str, Variable]) -> Type:
    if isinstance(expression, TypeVariable):
        return seen.setdefault(expression.name, Variable(GENERIC))
    named = {"->": ARROW, "*": TUPLE}.get(expression.name) or TYPES[expression.name]
    return Constructed(named, tuple(_convert(arg, seen) for arg in expression.args))


def _builtins() -> dict[str, Builtin]:
    found = {}
    for line in _TYPES.strip().splitlines():
        names, _, text = line.rpartition(" : ")
        type_ = _convert(parse_type(Cursor(tokenize(text))), {})
        for name in names.split():
            found[name] = Builtin(name, type_, _arity(type_))
    return found


def _arity(type_: Type) -> int:
    type_, count = prune(type_), 0
    while isinstance(type_, Constructed) and type_.of is ARROW:
        type_, count = prune(type_.args[1]), count + 1
    return count


BUILTINS = _builtins()
