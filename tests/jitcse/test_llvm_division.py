"""Division by a constant as a multiplication: exact for every dividend."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gymcc.envs.jitcse.backends.llvm.division import magic
from gymcc.envs.jitcse.interpreter.values import binary
from gymcc.envs.jitcse.ir import Op, Type


@pytest.mark.parametrize(("bits", "kind"), [(32, Type.INT), (64, Type.LONG)])
@given(data=st.data())
def test_the_magic_factor_gives_the_quotient(bits: int, kind: Type, data: st.DataObject) -> None:
    largest = 2 ** (bits - 1) - 1
    divisor = data.draw(st.one_of(st.integers(3, 50), st.integers(3, largest)).filter(lambda d: d & (d - 1)))
    factor, shift = magic(divisor, bits)
    assert factor < 2**bits
    multiple = data.draw(st.integers(0, largest // divisor)) * divisor
    last = largest // divisor * divisor  # the largest multiple and the number before it are where rounding is hardest
    for number in (multiple, multiple - 1, last, last - 1, largest):
        for dividend in (number, -number, -largest - 1):
            assert (dividend * factor >> bits + shift) + (dividend < 0) == binary(Op.DIV, kind, dividend, divisor)
