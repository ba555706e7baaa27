"""Encodings against those of the GNU assembler (binutils 2.40)."""

from __future__ import annotations

import pytest

from gymcc.envs.looptune.backends.native import encoder as x86
from gymcc.envs.looptune.backends.native.encoder import (
    BROADCAST,
    MASKED,
    RDI,
    RDX,
    RSI,
    SCALAR,
    VECTOR,
    Evex,
    Form,
    Vex,
)


def at(form: Form, displacement: int) -> str:
    head, modrm, unit = form
    return (head + x86.address(modrm, unit, displacement)).hex(" ")


def test_avx512() -> None:
    assert at(Evex.load(VECTOR, 17, RDI), 0x1000) == "62 e1 7c 48 10 4f 40"
    assert at(Evex.load(MASKED, 3, RDI), 0x40) == "62 f1 7c c9 10 5f 01"
    assert at(Evex.store(VECTOR, 31, RDI), 0x7F) == "62 61 7c 48 11 bf 7f 00 00 00"
    assert at(Evex.store(MASKED, 9, RDI), 0) == "62 71 7c 49 11 0f"
    assert at(Evex.load(BROADCAST, 28, RSI), 0x1FC) == "62 62 7d 48 18 66 7f"
    assert Evex.fma(False, 0, 29, 31).hex(" ") == "62 92 15 40 b8 c7"
    assert at(Evex.fma_memory(BROADCAST, 20, 15, RSI), -0x200) == "62 e2 05 58 b8 66 80"
    assert at(Evex.fma_memory(MASKED, 8, 16, RDX), 0x2000) == "62 72 7d 41 b8 82 00 20 00 00"


def test_avx512_scalars_ignore_the_length_bits() -> None:
    """The assembler writes length 0 where the generator writes 2; SDM: LLIG."""
    assert at(Evex.fma_memory(SCALAR, 27, 28, RDX), 8) == "62 62 1d 00 b9 5a 02".replace("1d 00", "1d 40")
    assert at(Evex.load(SCALAR, 24, RDI), 4) == "62 61 7e 08 10 47 01".replace("7e 08", "7e 48")


def test_avx2() -> None:
    assert at(Vex.load(VECTOR, 12, RDI), 0x20) == "c4 61 7c 10 67 20"  # assembler: the two-byte prefix c5 7c
    assert at(Vex.load(MASKED, 2, RDX), 0x100) == "c4 e2 05 2c 92 00 01 00 00"
    assert at(Vex.store(MASKED, 13, RDI), 0x10) == "c4 62 05 2e 6f 10"
    assert at(Vex.load(BROADCAST, 9, RSI), 0) == "c4 62 7d 18 0e"
    assert Vex.fma(False, 11, 12, 14).hex(" ") == "c4 42 1d b8 de"
    assert at(Vex.fma_memory(VECTOR, 1, 13, RDX), 0x40) == "c4 e2 15 b8 4a 40"


def test_general_instructions() -> None:
    assert x86.add(RSI, 127).hex(" ") == "48 83 c6 7f"
    assert x86.add(RDX, -4096).hex(" ") == "48 81 c2 00 f0 ff ff"
    assert x86.decrement(x86.R9).hex(" ") == "41 ff c9"
    assert x86.mov(x86.R8, 1000).hex(" ") == "41 b8 e8 03 00 00"
    assert Vex.clear(11).hex(" ") == "c4 41 24 57 db"
    assert Evex.clear(29).hex(" ") == "62 01 15 40 ef ed"
    assert Evex.add(19, 30).hex(" ") == "62 81 64 40 58 de"
    assert Vex.add(9, 14).hex(" ") == "c4 41 34 58 ce"


@pytest.mark.parametrize("distance", [-1, -126, -127, -128, -1000])
def test_jumps_land_where_they_should(distance: int) -> None:
    code = x86.jump_if_not_zero(distance)
    if code[0] == 0x75:
        landing = 2 + int.from_bytes(code[1:], "little", signed=True)
    else:
        assert code[:2] == b"\x0f\x85"
        landing = 6 + int.from_bytes(code[2:], "little", signed=True)
    assert landing == distance


@pytest.mark.parametrize("count", range(40))
def test_nops_have_the_length_asked_for(count: int) -> None:
    assert len(x86.nops(count)) == count
