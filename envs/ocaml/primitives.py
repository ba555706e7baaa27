"""The primitive operations: what the language and its standard library compute without a call that could be inlined.

Semantics are OCaml's on 64-bit machines: integers of 63 bits that wrap, division that truncates, IEEE doubles.
"""

from __future__ import annotations

from enum import Flag, StrEnum, auto


class Kind(StrEnum):
    """Machine representation of a value."""

    INT = "int"  # immediate: int, bool, char, unit, types whose constructors are all constant
    FLOAT = "float"  # a double
    BLOCK = "block"  # a pointer or a constant constructor, never a double
    ANY = "any"  # polymorphic: any of these


class Effect(Flag):
    """What an operation does besides computing its result; PURE: it may be deleted, moved, shared and folded."""

    PURE = 0
    ALLOCATES = auto()  # something mutable: two of them are not one
    READS = auto()  # mutable memory: must not move over a write
    WRITES = auto()  # memory or the output
    FAILS = auto()  # ends the program on some arguments: can be deleted or folded only where it is known not to


class Primitive(StrEnum):
    """The operations; arguments in the order of OCaml's, types in ``frontend.builtins``."""

    INT_ADD = "int.add"
    INT_SUB = "int.sub"
    INT_MUL = "int.mul"
    INT_DIV = "int.div"  # truncates; fails on 0
    INT_MOD = "int.mod"  # sign of the dividend; fails on 0
    INT_NEG = "int.neg"
    INT_ABS = "int.abs"
    INT_AND = "int.and"
    INT_OR = "int.or"
    INT_XOR = "int.xor"
    INT_NOT = "int.not"
    INT_LSL = "int.lsl"  # the count must be 0 to 62, else it fails (OCaml: unspecified)
    INT_LSR = "int.lsr"
    INT_ASR = "int.asr"
    BOOL_NOT = "bool.not"
    CHAR_OF_INT = "char.of_int"  # fails outside 0 to 255
    INT_OF_CHAR = "int.of_char"
    # Comparisons of immediates: ints, chars, bools, unit, constant constructors
    INT_EQ = "int.eq"
    INT_NE = "int.ne"
    INT_LT = "int.lt"
    INT_LE = "int.le"
    INT_GT = "int.gt"
    INT_GE = "int.ge"
    INT_COMPARE = "int.compare"
    INT_MIN = "int.min"
    INT_MAX = "int.max"
    FLOAT_ADD = "float.add"
    FLOAT_SUB = "float.sub"
    FLOAT_MUL = "float.mul"
    FLOAT_DIV = "float.div"
    FLOAT_NEG = "float.neg"
    FLOAT_ABS = "float.abs"
    FLOAT_SQRT = "float.sqrt"
    FLOAT_EXP = "float.exp"
    FLOAT_LOG = "float.log"
    FLOAT_SIN = "float.sin"
    FLOAT_COS = "float.cos"
    FLOAT_TAN = "float.tan"
    FLOAT_ATAN = "float.atan"
    FLOAT_ATAN2 = "float.atan2"
    FLOAT_POW = "float.pow"
    FLOAT_FLOOR = "float.floor"
    FLOAT_CEIL = "float.ceil"
    FLOAT_MOD = "float.mod"
    FLOAT_OF_INT = "float.of_int"
    INT_OF_FLOAT = "int.of_float"  # truncates
    FLOAT_EQ = "float.eq"
    FLOAT_NE = "float.ne"
    FLOAT_LT = "float.lt"
    FLOAT_LE = "float.le"
    FLOAT_GT = "float.gt"
    FLOAT_GE = "float.ge"
    FLOAT_COMPARE = "float.compare"
    # Comparisons of anything: a call of the runtime, by structure; fails on functions
    ANY_EQ = "any.eq"
    ANY_NE = "any.ne"
    ANY_LT = "any.lt"
    ANY_LE = "any.le"
    ANY_GT = "any.gt"
    ANY_GE = "any.ge"
    ANY_COMPARE = "any.compare"
    ANY_MIN = "any.min"
    ANY_MAX = "any.max"
    SAME = "same"  # ==, of immediates and of mutable records, references and arrays
    NOT_SAME = "not_same"
    STRING_EQ = "string.eq"
    STRING_NE = "string.ne"
    STRING_LT = "string.lt"
    STRING_LE = "string.le"
    STRING_GT = "string.gt"
    STRING_GE = "string.ge"
    STRING_COMPARE = "string.compare"
    STRING_LENGTH = "string.length"
    STRING_GET = "string.get"  # fails out of bounds
    STRING_CONCAT = "string.concat"
    STRING_SUB = "string.sub"  # fails out of bounds
    STRING_MAKE = "string.make"
    STRING_OF_INT = "string.of_int"
    STRING_OF_FLOAT = "string.of_float"
    STRING_OF_BOOL = "string.of_bool"
    ARRAY_OF = "array.of"  # [| … |]: any number of arguments
    ARRAY_MAKE = "array.make"  # fails on a negative length
    ARRAY_LENGTH = "array.length"
    ARRAY_GET = "array.get"  # fails out of bounds
    ARRAY_SET = "array.set"  # fails out of bounds
    ARRAY_COPY = "array.copy"
    PRINT_INT = "print.int"
    PRINT_CHAR = "print.char"
    PRINT_STRING = "print.string"
    PRINT_FLOAT = "print.float"
    PRINT_LINE = "print.line"  # print_endline
    PRINT_NEWLINE = "print.newline"
    FAILWITH = "failwith"  # ends the program
    INVALID_ARG = "invalid_arg"

    @property
    def effect(self) -> Effect:
        """What it does besides computing."""
        return _EFFECTS.get(self, Effect.PURE)


def _effects() -> dict[Primitive, Effect]:
    fails = "int.div int.mod int.lsl int.lsr int.asr char.of_int string.get string.sub string.make failwith invalid_arg"
    effects = dict.fromkeys(map(Primitive, fails.split()), Effect.FAILS)
    for each in Primitive:
        if each.value.startswith("print."):
            effects[each] = Effect.WRITES
        elif each.value.startswith("any."):  # what is compared may have mutable fields, or functions
            effects[each] = Effect.READS | Effect.FAILS
    return effects | {
        Primitive.ARRAY_OF: Effect.ALLOCATES,
        Primitive.ARRAY_MAKE: Effect.ALLOCATES | Effect.FAILS,
        Primitive.ARRAY_COPY: Effect.ALLOCATES | Effect.READS,
        Primitive.ARRAY_GET: Effect.READS | Effect.FAILS,
        Primitive.ARRAY_SET: Effect.WRITES | Effect.FAILS,
    }


_EFFECTS = _effects()
