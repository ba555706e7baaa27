"""PerfScore of single instructions: figures worked out by hand from RyuJIT's tables."""

from __future__ import annotations

import pytest

from gymcc.envs.core.problem import BackendError
from gymcc.envs.jitcse.backends.llvm.timing import cost


@pytest.mark.parametrize(
    ("instruction", "cycles"),
    [
        ("movl\t%eax, %ecx", 0.25),
        ("movq\t8(%rdi), %rax", 2.0),
        ("movq\t8(%rsp), %rax", 1.0),
        ("movl\ts3, %eax", 1.0),
        ("movl\t%eax, 8(%rdi)", 1.0),
        ("addl\t8(%rdi,%rax,4), %ecx", 3.0),
        ("addl\t$1, 8(%rsp)", 2.0),
        ("cmpl\t8(%rsi), %ecx", 3.0),
        ("cmpl\t$3, 8(%rsi)", 3.0),
        ("leaq\t8(%rdi), %rax", 0.5),
        ("leaq\t8(%rdi,%rcx,2), %rax", 1.0),
        ("imull\t%esi, %eax", 2.0),
        ("imulq\t%rcx", 3.0),
        ("idivl\t8(%rsp)", 25.0),
        ("idivq\t%rcx", 68.0),
        ("shll\t$3, %eax", 0.5),
        ("shll\t%cl, %eax", 2.0),
        ("setl\t%al", 0.5),
        ("jl\t.LBB0_3", 1.0),
        ("jae\tthrow_bounds", 1.0),
        ("jmp\t.LBB0_3", 2.0),
        ("callq\tf@PLT", 1.0),
        ("pushq\t%rbx", 1.0),
        ("popq\t%rbx", 0.5),
        ("vmovsd\t8(%rdi), %xmm0", 4.0),
        ("vmovsd\t.LCPI0_0(%rip), %xmm0", 3.0),
        ("vmovsd\t%xmm0, 8(%rsp)", 1.0),
        ("vaddsd\t%xmm0, %xmm1, %xmm2", 3.0),
        ("vaddsd\t8(%rdi), %xmm1, %xmm2", 6.0),
        ("vdivsd\t%xmm0, %xmm1, %xmm2", 12.0),
        ("vmovq\t%xmm0, %rax", 2.0),
    ],
)
def test_an_instruction_costs_what_ryujit_charges(instruction: str, cycles: float) -> None:
    assert cost(instruction) == round(100 * cycles)


def test_an_instruction_without_figures_is_named() -> None:
    with pytest.raises(BackendError, match="vfoo"):
        cost("vfoo\t%xmm0, %xmm1")
    with pytest.raises(BackendError, match="addl"):
        cost("addl\t%eax, (%rdi)")
