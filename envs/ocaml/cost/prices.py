"""What operations cost: instructions of ocamlopt's code on x86-64, bytes of code, and words allocated.

Whole numbers, so that costs are exact whatever the order of summation. They follow what ocamlopt 4.13 emits: integers
are tagged (``a + b`` is one ``lea``, ``a * b`` three instructions), comparisons fuse with the branch on them, stores of
pointers go through ``caml_modify``, allocation bumps a pointer, structural comparison and printing call C.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gymcc.envs.ocaml.primitives import Kind, Primitive

RUNTIME = 40  # instructions of a short call of the run time system or the C library
MODIFY = 20  # caml_modify
PRINT = 250
_INTEGERS = (
    "add 1 sub 2 mul 3 div 12 mod 14 neg 2 abs 4 and 1 or 1 xor 2 not 1 lsl 3 lsr 3 asr 3 compare 7 min 45 max 45"
)
_FLOATS = "add 1 sub 1 mul 1 div 1 neg 1 abs 1 sqrt 1 of_int 2 compare 9 floor 30 ceil 30"


def _primitives() -> dict[Primitive, int]:
    prices = dict.fromkeys(Primitive, RUNTIME)
    for prefix, text in (("int", _INTEGERS), ("float", _FLOATS)):
        words = text.split()
        for name, price in zip(words[::2], words[1::2], strict=True):
            prices[Primitive(f"{prefix}.{name}")] = int(price)
    for each in Primitive:
        if each in COMPARISONS:
            prices[each] = 1
        elif each.value.startswith("print."):
            prices[each] = PRINT
    cheap = {Primitive.BOOL_NOT: 2, Primitive.CHAR_OF_INT: 4, Primitive.INT_OF_CHAR: 0, Primitive.INT_OF_FLOAT: 2}
    arrays = {Primitive.ARRAY_LENGTH: 3, Primitive.ARRAY_GET: 1, Primitive.ARRAY_SET: 1, Primitive.STRING_LENGTH: 5}
    return prices | cheap | arrays | {Primitive.STRING_GET: 8, Primitive.ARRAY_OF: 0}


COMPARISONS = frozenset(
    Primitive(f"{type_}.{name}") for type_ in ("int", "float") for name in ("eq", "ne", "lt", "le", "gt", "ge")
) | {Primitive.SAME, Primitive.NOT_SAME}
_PRIMITIVES = _primitives()


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
    frame: int = 2  # taking and giving back stack, in functions that call or spill
    indirect: int = 2  # loading the code's address from a closure of one parameter
    apply: int = 6  # more through caml_applyN, for several arguments
    spill: int = 1  # a store when a variable is bound that must survive a call, or a load when it is used after one
    registers: int = 13
    pressure: int = 1  # an operation while more variables than registers are live
    branch: int = 1
    compare: int = 1  # fused with the branch
    boolean: int = 3  # more where a comparison's result is kept as a value
    switch: int = 6  # by a jump table
    load: int = 1
    store: int = 1
    allocate: int = 4  # and one per word
    box: int = 5  # a double
    bounds: int = 4
    loop: int = 3  # a turn of a for loop
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


C_CALLS = frozenset(each for each in Primitive if _PRIMITIVES[each] >= MODIFY)  # out of line
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
