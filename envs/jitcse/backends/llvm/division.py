"""Lowering of DIV and MOD of whole numbers.

By a constant it is a multiplication and shifts (Hacker's Delight, chapter 10), which every compiler makes of it; LLVM
leaves that out with ``optnone``. Other divisions take the machine's instruction; it traps on 0 and on MIN / -1.
"""

from __future__ import annotations

from gymcc.envs.jitcse.backends.llvm.lowering import WHOLE, Lowering, number_of
from gymcc.envs.jitcse.ir import Node, Op

MULTIPLY_HIGH = 'asm "imulq $3", "={rdx},={rax},{rax},r,~{flags}"'  # the upper half of a product of 64 bits


def divide(to: Lowering, node: Node) -> str:
    """DIV or MOD."""
    left, right = node.args
    width = WHOLE[node.type]
    dividend = to.integer(left)
    if right.op is not Op.CONST or right.payload == 0:
        instruction = "sdiv" if node.op is Op.DIV else "srem"
        return to.whole(node.type, f"{instruction} {width} {dividend}, {to.integer(right)}")
    divisor = number_of(right)
    quotient = _quotient(to, width, dividend, abs(divisor))
    if node.op is Op.MOD:  # has the dividend's sign, whatever the divisor's is
        product = to.put(f"mul {width} {quotient}, {abs(divisor)}")
        return to.whole(node.type, f"sub {width} {dividend}, {product}")
    return to.reference(node.type, to.put(f"sub {width} 0, {quotient}") if divisor < 0 else quotient)


def _quotient(to: Lowering, width: str, dividend: str, divisor: int) -> str:
    """Of a division by a positive constant."""
    if divisor == 1:
        return dividend
    bits = int(width[1:])
    if divisor & (divisor - 1) == 0:
        sign = to.put(f"ashr {width} {dividend}, {bits - 1}")
        rounding = to.put(f"and {width} {sign}, {divisor - 1}")
        rounded = to.put(f"add {width} {dividend}, {rounding}")
        return to.put(f"ashr {width} {rounded}, {divisor.bit_length() - 1}")
    factor, shift = magic(divisor, bits)
    by_product = _by_wide_product if bits == 32 else _by_high_product
    floor = by_product(to, dividend, factor, shift)
    negative = to.put(f"lshr {width} {dividend}, {bits - 1}")
    return to.put(f"add {width} {floor}, {negative}")


def magic(divisor: int, bits: int) -> tuple[int, int]:
    """``(factor, shift)`` such that ``(x * factor >> bits + shift) + (x < 0)`` is ``x / divisor`` for signed ``x``."""
    shift = 0
    while True:
        power = 1 << bits + shift
        factor = power // divisor + 1
        if factor * divisor - power <= 2 << shift:
            return factor, shift
        shift += 1


def _by_wide_product(to: Lowering, dividend: str, factor: int, shift: int) -> str:
    wide = to.put(f"sext i32 {dividend} to i64")
    product = to.put(f"mul i64 {wide}, {factor}")
    return to.put(f"trunc i64 {to.put(f'ashr i64 {product}, {32 + shift}')} to i32")


def _by_high_product(to: Lowering, dividend: str, factor: int, shift: int) -> str:
    """A factor of 64 bits counts as negative; the dividend is added to make up for it."""
    too_large = factor >= 1 << 63
    operand = factor - (1 << 64) if too_large else factor
    halves = to.put(f"call {{ i64, i64 }} {MULTIPLY_HIGH}(i64 {operand}, i64 {dividend})")
    high = to.put(f"extractvalue {{ i64, i64 }} {halves}, 0")
    if too_large:
        high = to.put(f"add i64 {high}, {dividend}")
    return to.put(f"ashr i64 {high}, {shift}") if shift else high
