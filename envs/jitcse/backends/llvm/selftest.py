"""Proof, once per process, that this LLVM merges nothing that a method computes twice."""

from __future__ import annotations

from functools import cache

from gymcc.envs.core.problem import BackendError
from gymcc.envs.jitcse.backends.llvm.assembly import read
from gymcc.envs.jitcse.backends.llvm.emit import emit
from gymcc.envs.jitcse.backends.llvm.machine import assembly, versions
from gymcc.envs.jitcse.ir import Block, Method, Node, Op, Type

TIMES = 3  # how often each expression is computed


@cache
def self_test() -> None:
    """Compile a method full of repetitions and count. Raises BackendError if the count is wrong."""
    check_merging(emit(repetitions()))


def check_merging(text: str) -> None:
    """Raise BackendError unless the module, made of :func:`repetitions`, computes everything as often as it says."""
    instructions = [each for block in read(assembly(text)).blocks for each in block.instructions]
    for what, mnemonic, operand in (
        ("multiplications", "imull", ""),
        ("loads", "", "24(%"),
        ("additions of floats", "vaddsd", ""),
        ("constants of 64 bits", "movabsq", "$"),
    ):
        count = sum(each.startswith(mnemonic) and operand in each for each in instructions)
        if count != TIMES:
            raise BackendError(
                f"this LLVM ({versions()['llvm']}, llvmlite {versions()['llvmlite']}) cannot serve as a back end: of "
                f"{TIMES} equal {what} in the test method {count} are left, so choices would not decide what is merged"
            )


def repetitions() -> Method:
    """Three times in one block, the same product, load, floating sum and handle, all stored, so that none is dead."""
    first, second, number, target = (Node(Op.LOCAL, type_, (), n) for n, type_ in enumerate(_PARAMETERS))
    product = Node(Op.MUL, Type.INT, (first, second))
    load = Node(Op.FIELD, Type.LONG, (target,), 24)
    total = Node(Op.ADD, Type.DOUBLE, (number, number))
    handle = Node(Op.HANDLE, Type.LONG, (), 64)
    stores = [
        Node(Op.STORE_FIELD, Type.VOID, (target, value), 32 + 64 * time + 8 * slot)
        for time in range(TIMES)
        for slot, value in enumerate((product, load, total, handle))
    ]
    block = Block((*stores, Node(Op.RETURN, Type.VOID)), ())
    return Method("repetitions", _PARAMETERS, len(_PARAMETERS), (block,))


_PARAMETERS = (Type.INT, Type.INT, Type.DOUBLE, Type.OTHER)
