"""Code sizes equal those of LLVM's own assembler, instruction by instruction and method by method."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.envs.jitcse.frontend import perform
from tests.jitcse.llvm_cases import Program, chosen

llvm = pytest.importorskip("llvmlite.binding", reason="the llvm back end needs llvmlite: pip install gymcc[llvm]")
if not llvm.get_process_triple().startswith("x86_64"):
    pytest.skip("the llvm back end works on x86-64 hosts only", allow_module_level=True)

from gymcc.envs.jitcse.backends.llvm import emit  # noqa: E402
from gymcc.envs.jitcse.backends.llvm.assembly import MachineBlock, read  # noqa: E402
from gymcc.envs.jitcse.backends.llvm.length import instruction_sizes, length  # noqa: E402
from gymcc.envs.jitcse.backends.llvm.machine import TRIPLE, assembly, binding, parse, target_machine  # noqa: E402


def total(blocks: Sequence[MachineBlock]) -> int:
    return sum(map(sum, instruction_sizes(blocks)))


def object_size(text: str) -> int:
    """Bytes of machine code in the object file that LLVM makes of a module."""
    sections = binding().ObjectFileRef.from_data(target_machine().emit_object(parse(text))).sections()
    return sum(each.size() for each in sections if each.is_text())


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32), own=st.booleans())
def test_code_size_is_that_of_the_object_code(seed: int, own: bool) -> None:
    text = emit(Program(seed).method() if own else perform(*chosen(seed)))
    assert total(read(assembly(text)).blocks) == object_size(text)


LETTERS = ("a", "b", "c", "d")
WORDS = ("ax", "bx", "cx", "dx", "si", "di", "bp", "sp")
NUMBERED = tuple(range(8, 16))
REGISTERS = {
    "Q": [f"%r{each}" for each in (*WORDS, *NUMBERED)],
    "L": [f"%e{each}" for each in WORDS] + [f"%r{each}d" for each in NUMBERED],
    "B": [f"%{each}l" for each in (*LETTERS, "si", "di", "bp")] + [f"%r{each}b" for each in NUMBERED],
    "X": [f"%xmm{each}" for each in range(16)],
}
numbers = st.sampled_from((0, 1, -1, 8, 127, 128, -128, -129, 4096, 2**31 - 1, -(2**31)))
without_stack = st.sampled_from([each for each in REGISTERS["Q"] if each != "%rsp"])
addresses = st.one_of(
    st.builds("{}({})".format, numbers, st.sampled_from(REGISTERS["Q"])),
    st.builds("({})".format, st.sampled_from(REGISTERS["Q"])),
    st.builds("{}({},{},{})".format, numbers, st.sampled_from(REGISTERS["Q"]), without_stack, st.sampled_from("1248")),
    st.builds("(,{},{})".format, without_stack, st.sampled_from("248")),
    st.sampled_from(("s3", "s4(%rip)")),
)
FORMS = """movl L,L|movl M,L|movl L,M|movq Q,Q|movq M,Q|movq Q,M|movb B,M|movl $I,L|movl $I,M|movq $I,M|movabsq $I,Q
movslq L,Q|movslq M,Q|movzbl B,L|addl L,L|addq M,Q|addl $I,L|addq $I,Q|subq $I,Q|andb B,B|xorl $I,L|orq Q,Q|addl $I,M
cmpl $I,M|cmpl M,L|cmpq Q,Q|cmpq $I,Q|testl L,L|imull L,L|imulq M,Q|imull $I,L,L|imulq $I,Q,Q|imulq Q|idivl L|idivq Q
idivl M|negl L|notq Q|shll $7,L|sarq $7,Q|shll %cl,L|shlq %cl,Q|shll L|setl B|setnp B|cmovaq Q,Q|cmovpl L,L|leaq M,Q
pushq Q|popq Q|cltd|cqto|cltq|retq|vmovsd M,X|vmovsd X,M|vmovss M,X|vmovaps X,X|vmovsd X,X,X|vmovups M,X|vmovdqu X,M
vmovq X,Q|vmovq Q,X|vmovd L,X|vmovd X,L|vaddsd X,X,X|vaddsd M,X,X|vsubsd X,X,X|vmulss X,X,X|vdivsd X,X,X|vaddps M,X,X
vxorps X,X,X|vminsd X,X,X|vmaxss X,X,X|vucomisd X,X|vucomiss M,X|vcvttsd2si X,L|vcvttsd2si X,Q|vcvttss2si X,Q
vcvtsi2sd L,X,X|vcvtsi2sd Q,X,X|vcvtsi2sdq M,X,X|vcvtsi2sdl M,X,X|vcvtss2sd X,X,X|vcvtsd2ss X,X,X|vmovq X,M|vmovq M,X"""


@st.composite
def instructions_of_all_forms(draw: st.DrawFn) -> str:
    form = draw(st.sampled_from(FORMS.replace("\n", "|").split("|")))
    mnemonic, _, operands = form.partition(" ")
    filled = [
        draw(st.sampled_from(REGISTERS[each]) if each in REGISTERS else addresses)
        if each != "$I" and each[0] not in "$%"
        else each.replace("I", str(draw(numbers)))
        for each in operands.split(",")
        if each
    ]
    return f"{mnemonic}\t{', '.join(filled)}".rstrip()


@settings(max_examples=400)
@given(instruction=instructions_of_all_forms())
def test_an_instruction_is_as_long_as_the_assembler_makes_it(instruction: str) -> None:
    assert length(instruction) == object_size(f'target triple = "{TRIPLE}"\nmodule asm "{instruction}"')


@pytest.mark.parametrize("distance", [120, 126, 127, 128, 129])
def test_jumps_grow_where_a_byte_does_not_reach(distance: int) -> None:
    def block(label: str, *code: str) -> MachineBlock:
        return MachineBlock(label, 0, code)

    far = 2 if distance <= 127 else 6
    blocks = [block("", "jl\t.L1"), block("", *["retq"] * distance), block(".L1", "retq")]
    assert total(blocks) == far + distance + 1
    back = [block(".L1", *["retq"] * (distance - 2)), block("", "jl\t.L1")]
    assert total(back) == distance - 2 + (2 if distance <= 128 else 6)
