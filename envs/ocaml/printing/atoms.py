"""Names, constants, and primitives as OCaml text."""

from __future__ import annotations

import re
from math import isinf

from gymcc.envs.ocaml.ir import Atom, Constant, Prim, Scalar, Shape, Variable
from gymcc.envs.ocaml.primitives import Primitive as _Primitive

P = _Primitive
_ESCAPES = {"\\": "\\\\", '"': '\\"', "'": "\\'", "\n": "\\n", "\t": "\\t"}
_COMPARE = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_COMPARISONS = {P(f"{family}.{name}"): text for family in ("int", "any") for name, text in _COMPARE.items()}
_TYPED = {P(f"{family}.{name}"): (family, text) for family in ("float", "string") for name, text in _COMPARE.items()}
_FORMATS = {
    P.INT_ADD: "{} + {}",
    P.INT_SUB: "{} - {}",
    P.INT_MUL: "{} * {}",
    P.INT_DIV: "{} / {}",
    P.INT_MOD: "{} mod {}",
    P.INT_NEG: "- {}",
    P.INT_ABS: "abs {}",
    P.INT_AND: "{} land {}",
    P.INT_OR: "{} lor {}",
    P.INT_XOR: "{} lxor {}",
    P.INT_NOT: "lnot {}",
    P.INT_LSL: "{} lsl {}",
    P.INT_LSR: "{} lsr {}",
    P.INT_ASR: "{} asr {}",
    P.BOOL_NOT: "not {}",
    P.CHAR_OF_INT: "Char.chr {}",
    P.INT_OF_CHAR: "Char.code {}",
    P.INT_COMPARE: "compare {} {}",
    P.FLOAT_ADD: "{} +. {}",
    P.FLOAT_SUB: "{} -. {}",
    P.FLOAT_MUL: "{} *. {}",
    P.FLOAT_DIV: "{} /. {}",
    P.FLOAT_NEG: "-. {}",
    P.FLOAT_ABS: "abs_float {}",
    P.FLOAT_SQRT: "sqrt {}",
    P.FLOAT_EXP: "exp {}",
    P.FLOAT_LOG: "log {}",
    P.FLOAT_SIN: "sin {}",
    P.FLOAT_COS: "cos {}",
    P.FLOAT_TAN: "tan {}",
    P.FLOAT_ATAN: "atan {}",
    P.FLOAT_ATAN2: "atan2 {} {}",
    P.FLOAT_POW: "{} ** {}",
    P.FLOAT_FLOOR: "floor {}",
    P.FLOAT_CEIL: "ceil {}",
    P.FLOAT_MOD: "mod_float {} {}",
    P.FLOAT_OF_INT: "float_of_int {}",
    P.INT_OF_FLOAT: "int_of_float {}",
    P.FLOAT_COMPARE: "compare ({} : float) {}",
    P.ANY_COMPARE: "compare {} {}",
    P.ANY_MIN: "min {} {}",
    P.ANY_MAX: "max {} {}",
    P.SAME: "{} == {}",
    P.NOT_SAME: "{} != {}",
    P.STRING_COMPARE: "compare ({} : string) {}",
    P.STRING_LENGTH: "String.length {}",
    P.STRING_GET: "String.get {} {}",
    P.STRING_CONCAT: "{} ^ {}",
    P.STRING_SUB: "String.sub {} {} {}",
    P.STRING_MAKE: "String.make {} {}",
    P.STRING_OF_INT: "string_of_int {}",
    P.STRING_OF_FLOAT: "string_of_float {}",
    P.STRING_OF_BOOL: "string_of_bool {}",
    P.ARRAY_MAKE: "Array.make {} {}",
    P.ARRAY_LENGTH: "Array.length {}",
    P.ARRAY_GET: "{}.({})",
    P.ARRAY_SET: "{}.({}) <- {}",
    P.ARRAY_COPY: "Array.copy {}",
    P.PRINT_INT: "print_int {}",
    P.PRINT_CHAR: "print_char {}",
    P.PRINT_STRING: "print_string {}",
    P.PRINT_FLOAT: "print_float {}",
    P.PRINT_LINE: "print_endline {}",
    P.PRINT_NEWLINE: "print_newline {}",
    P.FAILWITH: "failwith {}",
    P.INVALID_ARG: "invalid_arg {}",
}


class Names:
    """Texts of atoms; arms' parameters may be other names of what a leaf passes."""

    def __init__(self) -> None:
        self._texts: dict[int, str] = {}

    def bind(self, variable: Variable) -> str:
        """The name of a variable that is bound here."""
        base = re.sub(r"[^A-Za-z0-9_]", "_", variable.name).lstrip("_") or "op"
        name = f"{base[0].lower()}{base[1:]}_{variable.id}" if base[0].isalpha() else f"v{base}_{variable.id}"
        self._texts[variable.id] = name
        return name

    def alias(self, variable: Variable, atom: Atom) -> None:
        """Use the atom's text for the variable."""
        self._texts[variable.id] = self.text(atom)

    def text(self, atom: Atom) -> str:
        """The atom, needing no brackets around it."""
        return self._texts[atom] if isinstance(atom, int) else constant(atom)

    def texts(self, atoms: tuple[Atom, ...]) -> list[str]:
        """The atoms."""
        return [self.text(atom) for atom in atoms]


def constant(atom: Constant) -> str:
    """A literal, in brackets if it is negative."""
    value = atom.value
    if isinstance(value, Shape):
        return value.name
    match atom.scalar:
        case Scalar.UNIT:
            return "()"
        case Scalar.BOOL:
            return "true" if value else "false"
        case Scalar.CHAR:
            return f"'{_escaped(chr(int(value)))}'"
        case Scalar.STRING:
            return f'"{"".join(_escaped(character) for character in str(value))}"'
        case Scalar.FLOAT:
            return _float(float(value))
        case _:
            return f"({value})" if int(value) < 0 else str(value)


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return character if " " <= character <= "~" else f"\\{ord(character):03d}"


def _float(value: float) -> str:
    if value != value:
        return "nan"
    if isinf(value):
        return "infinity" if value > 0 else "neg_infinity"
    return f"({value!r})" if repr(value).startswith("-") else repr(value)


def primitive(prim: Prim, texts: list[str]) -> str:
    """A primitive applied to texts that need no brackets."""
    if prim.primitive in _COMPARISONS:
        return f"{texts[0]} {_COMPARISONS[prim.primitive]} {texts[1]}"
    if prim.primitive in _TYPED:
        type_, operator = _TYPED[prim.primitive]
        return f"({texts[0]} : {type_}) {operator} {texts[1]}"
    if prim.primitive is P.ARRAY_OF:
        return f"[|{'; '.join(texts)}|]"
    return _FORMATS[prim.primitive].format(*texts)
