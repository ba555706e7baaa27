"""The intermediate representation: a method as blocks of statements, each a typed tree, much as RyuJIT sees it.

Trees evaluate left to right and their node before nothing else: ``args`` in order, then the node itself. Integers wrap
at their width. What a method does that others can see is called its effects: stores to memory, calls, its result,
and the exceptions of bounds checks and divisions, in order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Type(IntEnum):
    """Type of a value; the numbers are those of RyuJIT's ``type`` feature, with references apart."""

    OTHER = 0  # an object or array reference: 64 bits, enregistered like a long
    INT = 1  # 32 bits, signed
    LONG = 2  # 64 bits, signed
    FLOAT = 3
    DOUBLE = 4
    STRUCT = 5  # two 64-bit words, never enregistered
    SIMD = 6  # 16 bytes, four floats
    VOID = 7

    @property
    def floating(self) -> bool:
        """Whether values live in the floating-point registers."""
        return self in (Type.FLOAT, Type.DOUBLE, Type.SIMD)

    @property
    def bytes(self) -> int:
        """Size in memory."""
        return {Type.INT: 4, Type.FLOAT: 4, Type.STRUCT: 16, Type.SIMD: 16, Type.VOID: 0}.get(self, 8)


class Op(StrEnum):
    """What a node does; the comment gives its arguments and payload."""

    LOCAL = "local"  # (); payload: number of the local read
    CONST = "const"  # (); payload: int, or float for FLOAT and DOUBLE (SIMD: broadcast)
    HANDLE = "handle"  # (); payload: int, an address that only the linker knows (type OTHER or LONG)
    # Loads
    FIELD = "field"  # (object); payload: byte offset
    STATIC = "static"  # (); payload: number of the static field
    LENGTH = "length"  # (array): INT, never changes during the array's life
    ELEM = "elem"  # (array, index), unchecked: a BOUNDS before it guards it
    # Arithmetic; both arguments of the node's type, shifts take an INT count
    ADD = "add"
    SUB = "sub"
    MUL = "mul"
    DIV = "div"  # integers throw on 0, truncate towards 0, and MIN / -1 wraps
    MOD = "mod"
    AND = "and"
    OR = "or"
    XOR = "xor"
    LSH = "lsh"  # count modulo the width
    RSH = "rsh"  # arithmetic
    NEG = "neg"
    NOT = "not"
    CAST = "cast"  # (value): to the node's type; float to integer saturates, nan gives 0
    # Comparisons: INT 0 or 1, arguments of one type
    EQ = "eq"
    NE = "ne"
    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"
    # Sequence and effects
    BOUNDS = "bounds"  # (index, length): VOID, throws unless 0 <= index < length
    COMMA = "comma"  # (first, value): first for its effects, the node is value
    CALL = "call"  # (arguments...); payload: name. May read and write all memory
    HELPER = "helper"  # (arguments...); payload: name. Pure: same arguments, same result; trashes registers
    STORE_LOCAL = "store_local"  # (value): VOID; payload: number of the local
    STORE_FIELD = "store_field"  # (object, value): VOID; payload: byte offset
    STORE_STATIC = "store_static"  # (value): VOID; payload: number of the static field
    STORE_ELEM = "store_elem"  # (array, index, value): VOID, unchecked
    # Ends of blocks, only as a statement's root
    BRANCH = "branch"  # (condition INT): VOID; to the block's first successor if not 0, else to its second
    RETURN = "return"  # () or (value): VOID


COMPARISONS = frozenset({Op.EQ, Op.NE, Op.LT, Op.LE, Op.GT, Op.GE})
COMMUTATIVE = frozenset({Op.ADD, Op.MUL, Op.AND, Op.OR, Op.XOR, Op.EQ, Op.NE})
LOADS = frozenset({Op.FIELD, Op.STATIC, Op.LENGTH, Op.ELEM})
STORES = frozenset({Op.STORE_FIELD, Op.STORE_STATIC, Op.STORE_ELEM})
LEAVES = frozenset({Op.LOCAL, Op.CONST, Op.HANDLE, Op.STATIC})


@dataclass(frozen=True, slots=True)
class Node:
    """A tree. ``payload`` as :class:`Op` says, None for the rest."""

    op: Op
    type: Type
    args: tuple[Node, ...] = ()
    payload: int | float | str | None = None

    def walk(self) -> Iterator[Node]:
        """The nodes of the tree in order of evaluation, the node itself last."""
        for arg in self.args:
            yield from arg.walk()
        yield self


@dataclass(frozen=True, slots=True)
class Block:
    """Statements executed in order, then a jump.

    ``successors``: none after RETURN, two where the last statement is a BRANCH (taken, not taken), else one.
    """

    statements: tuple[Node, ...]
    successors: tuple[int, ...]
    weight: float = 1.0  # executions per call of the method: 8 per enclosing loop, or from a profile


@dataclass(frozen=True, slots=True)
class Method:
    """A method: its parameters are its first locals. Block 0 is the entry and has no predecessor."""

    name: str
    locals: tuple[Type, ...]
    parameters: int
    blocks: tuple[Block, ...]
    result: Type = Type.VOID
    profiled: bool = False  # weights come from a profile

    @property
    def predecessors(self) -> tuple[tuple[int, ...], ...]:
        """For each block, the blocks that jump to it, in order."""
        found: list[list[int]] = [[] for _ in self.blocks]
        for index, block in enumerate(self.blocks):
            for successor in dict.fromkeys(block.successors):
                found[successor].append(index)
        return tuple(tuple(each) for each in found)
