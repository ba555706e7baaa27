"""What operations cost: instructions of ocamlopt's code on x86-64, bytes of code, and words allocated.

Whole numbers, so that costs are exact whatever the order of summation. They follow what ocamlopt 4.13 emits: integers
are tagged (``a + b`` is one ``lea``, ``a * b`` three instructions), comparisons fuse with the branch on them, stores of
pointers go through ``caml_modify``, allocation bumps a pointer, structural comparison and printing call C. What calls
take that leave OCaml's code was counted in loops over them alone (OCaml 4.13.1, glibc 2.36).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gymcc.envs.ocaml.ir import Atom, Constant
from gymcc.envs.ocaml.primitives import Kind, Primitive

MODIFY = 20  # caml_modify
_INTEGERS = "add 1 sub 2 mul 4 div 12 mod 14 neg 2 abs 4 and 1 or 1 xor 2 not 1 lsl 4 lsr 4 asr 4 compare 7"
_CONSTANT = "mul 2 div 8 mod 10 lsl 1 lsr 2 asr 2"  # with a constant on the right, or in products on the left
_FLOATS = "add 1 sub 1 mul 1 div 1 neg 1 abs 1 sqrt 1 of_int 2 compare 9"
# Out of line: the run time system, the C and the standard library. Of what takes as long as its arguments are large,
# that of small ones; comparing anything: between integers (85) and doubles (150).
_CALLED = {
    "int": "min 95 max 95",
    "float": "sin 95 cos 95 tan 95 exp 55 log 55 atan 75 atan2 145 pow 130 mod 115 floor 5 ceil 5",
    "any": "eq 105 ne 105 lt 105 le 105 gt 105 ge 105 compare 105 min 115 max 115",
    "string": "eq 20 ne 20 lt 60 le 60 gt 60 ge 60 compare 50 concat 145 sub 110 make 90 of_int 920 of_float 2400 "
    "of_bool 20",
    "array": "make 180 copy 230",
    "print": "int 1070 char 65 string 125 float 2550 line 800 newline 670",
}


def _prices(table: dict[str, str]) -> dict[Primitive, int]:
    found: dict[Primitive, int] = {}
    for type_, text in table.items():
        words = text.split()
        found |= {Primitive(f"{type_}.{name}"): int(price) for name, price in zip(words[::2], words[1::2], strict=True)}
    return found


def _primitives() -> dict[Primitive, int]:
    plain = {Primitive.BOOL_NOT: 2, Primitive.CHAR_OF_INT: 4, Primitive.INT_OF_CHAR: 0, Primitive.INT_OF_FLOAT: 2}
    plain |= {Primitive.ARRAY_LENGTH: 3, Primitive.ARRAY_GET: 1, Primitive.ARRAY_SET: 1, Primitive.ARRAY_OF: 0}
    plain |= {Primitive.STRING_LENGTH: 5, Primitive.STRING_GET: 8}
    ends = dict.fromkeys((Primitive.FAILWITH, Primitive.INVALID_ARG), MODIFY)
    inside = _prices({"int": _INTEGERS, "float": _FLOATS})
    return dict.fromkeys(COMPARISONS, 1) | plain | ends | inside | _prices(_CALLED)


COMPARISONS = frozenset(
    Primitive(f"{type_}.{name}") for type_ in ("int", "float") for name in ("eq", "ne", "lt", "le", "gt", "ge")
) | {Primitive.SAME, Primitive.NOT_SAME}
_PRIMITIVES = _primitives()
_WITH_CONSTANT = _prices({"int": _CONSTANT})


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices in instructions unless said otherwise.

    ``start`` is what an empty program takes: loading it, and the run time system's start and end. It dilutes what
    inlining saves in short runs, as it does in what a compiler's users count.
    ``fetch``: cycles for a line of code that misses the instruction cache of ``cache`` bytes, when the hot code of a
    program is larger than that.
    """

    start: int = 304_800  # OCaml 4.13, glibc 2.36
    call: int = 1
    leave: int = 1  # the return
    argument: int = 1
    frame: int = 2  # taking and giving back stack, in functions that call, also the collector
    poll: int = 2  # asking for signals, where a loop or tail calls could go on without an allocation
    indirect: int = 2  # loading the code's address from a closure of one parameter
    apply: int = 7  # more through caml_applyN, for several arguments
    spill: int = 1  # a store when a variable is bound that must survive a call, or a load when it is used after one
    registers: int = 13
    pressure: int = 1  # an operation while more variables than registers are live
    branch: int = 1
    compare: int = 1  # fused with the branch
    boolean: int = 3  # more where a comparison's result is kept as a value
    table: int = 4  # a jump by a table, of four outcomes or more
    load: int = 1
    store: int = 1
    allocate: int = 4  # and one per word
    outlined: int = 2  # more in the code of the top level, which is to be small
    box: int = 5  # a double
    closure: int = 3  # more for a function's code address, arity and closure, which are no immediate operands
    bounds: int = 4
    loop: int = 4  # a turn of a for loop
    instruction_bytes: int = 4
    c_call_bytes: int = 24
    collect_bytes: int = 10  # the way to the collector, per allocation
    function_bytes: int = 16  # alignment
    descriptor: int = 60  # the run time system reads that of each return address when the program starts
    cache: int = 32768
    line: int = 64
    fetch: int = 10
    hot: int = 1000  # a block is hot if it runs at least once in so many runs of a block
    primitives: dict[Primitive, int] = field(default_factory=lambda: dict(_PRIMITIVES), hash=False)

    def select(self, outcomes: int, tagged: bool) -> int:
        """What it takes to find one of so many outcomes by a number, ``tagged`` as OCaml's integers are."""
        if outcomes > 3:
            return self.table + tagged
        return 0 if outcomes < 2 else self.compare + (outcomes - 1) * self.branch

    def operation(self, primitive: Primitive, args: tuple[Atom, ...]) -> int:
        """What a primitive takes beside its arguments."""
        if primitive in _WITH_CONSTANT:
            product = primitive is Primitive.INT_MUL
            if isinstance(args[1], Constant) or (product and isinstance(args[0], Constant)):
                return _WITH_CONSTANT[primitive]
        return self.primitives[primitive]


C_CALLS = frozenset(_prices(_CALLED)) | {Primitive.FAILWITH, Primitive.INVALID_ARG}
RAW = frozenset(each for each in Primitive if each.value.startswith("float.")) | {Primitive.INT_OF_FLOAT}
RAW_RESULTS = frozenset(
    each for each in RAW if each not in COMPARISONS and each not in (Primitive.FLOAT_COMPARE, Primitive.INT_OF_FLOAT)
)
STANDARD = Prices()


def array_price(element: Kind | None, write: bool) -> int:
    """More for an array access than its load or store, for elements of a kind; ANY looks whether they are doubles."""
    if element is Kind.ANY:
        return 8 + (MODIFY if write else 0)
    return MODIFY if write and element is Kind.BLOCK else 0
