"""Scores worked out by hand from the tables of RyuJIT's emitxarch.cpp and emitarm64.cpp and from the encodings."""

from __future__ import annotations

from itertools import pairwise

import pytest

from gymcc.envs.jitcse.analysis import Score
from gymcc.envs.jitcse.backends.embedded import Embedded
from gymcc.envs.jitcse.backends.embedded.code.operands import Access
from gymcc.envs.jitcse.backends.embedded.targets import arm64_costs
from gymcc.envs.jitcse.backends.embedded.targets.x64_costs import CYCLES
from gymcc.envs.jitcse.ir import Block, Method, Node, Op, Type
from gymcc.envs.jitcse.trees import bounds, comma, constant, field, length, local, store_field, store_local

REF, INT, LONG, DOUBLE, VOID, STRUCT, SIMD = (
    Type.OTHER,
    Type.INT,
    Type.LONG,
    Type.DOUBLE,
    Type.VOID,
    Type.STRUCT,
    Type.SIMD,
)


def returns(value: Node | None = None) -> Node:
    return Node(Op.RETURN, VOID, () if value is None else (value,))


def call(kind: Type = VOID, *args: Node) -> Node:
    return Node(Op.CALL, kind, args, "f")


def method(statements: list[Node], types: tuple[Type, ...], parameters: int, result: Type = INT) -> Method:
    return Method("m", types, parameters, (Block(tuple(statements), ()),), result)


def binary(op: Op, kind: Type, *args: Node) -> Node:
    return Node(op, kind, args)


LEAF = method([returns(binary(Op.ADD, INT, field(INT, local(0, REF), 8), local(1, INT)))], (REF, INT), 2)
ACROSS_CALL = method([call(), returns(field(INT, local(0, REF), 8))], (REF,), 1)
DOUBLE_ACROSS_CALL = method([call(), returns(local(0, DOUBLE))], (DOUBLE,), 1, DOUBLE)
ELEMENT = method(
    [
        returns(
            comma(
                bounds(local(1, INT), length(local(0, REF))),
                Node(Op.ELEM, INT, (local(0, REF), local(1, INT))),
            )
        )
    ],
    (REF, INT),
    2,
)
DIVISION = method([returns(binary(Op.DIV, INT, local(0, INT), local(1, INT)))], (INT, INT), 2)
STRUCT_COPY = method(
    [
        store_local(1, field(STRUCT, local(0, REF), 16)),
        store_field(local(0, REF), 32, local(1, STRUCT)),
        returns(),
    ],
    (REF, STRUCT),
    1,
    VOID,
)
LOOP = Method(
    "loop",
    (INT, INT),
    1,
    (
        Block((store_local(1, constant(INT, 0)),), (1,)),
        Block(
            (
                store_local(1, binary(Op.ADD, INT, local(1, INT), constant(INT, 1))),
                Node(Op.BRANCH, VOID, (binary(Op.LT, INT, local(1, INT), local(0, INT)),)),
            ),
            (1, 2),
            8.0,
        ),
        Block((returns(local(1, INT)),), ()),
    ),
    INT,
)
FLOATS = method(
    [
        returns(
            binary(Op.MUL, DOUBLE, binary(Op.ADD, DOUBLE, local(0, DOUBLE), local(1, DOUBLE)), constant(DOUBLE, 2.5))
        )
    ],
    (DOUBLE, DOUBLE),
    2,
    DOUBLE,
)


@pytest.mark.parametrize(
    ("arch", "of", "expected"),
    [
        # push rbp; mov rbp, rsp; mov eax, esi; add eax, [rdi+8]; pop rbp; ret
        ("x64", LEAF, Score(1 + 0.25 + 0.25 + 3 + 0.5 + 1, 1 + 3 + 2 + 3 + 1 + 1, 6)),
        # mov eax, edx; add eax, [rcx+8]; ret: no frame
        ("x64-windows", LEAF, Score(0.25 + 0.25 + 3 + 1, 2 + 2 + 3 + 1, 4)),
        # stp x29, x30; mov x29, sp; mov x2, x0; ldr w0, [x2+8]; add w0, w0, w1; ldp x29, x30; ret
        ("arm64", LEAF, Score(1 + 0.5 + 0.5 + 3 + 0.5 + 1 + 1, 28, 7)),
        # push rbp; push rbx; sub rsp, 8; lea rbp, [rsp+8]; mov rbx, rdi; call; mov eax, [rbx+8];
        # add rsp, 8; pop rbx; pop rbp; ret
        (
            "x64",
            ACROSS_CALL,
            Score(
                1 + 1 + 0.25 + 0.5 + 0.25 + 1 + 2 + 0.25 + 0.5 + 0.5 + 1, 1 + 1 + 4 + 5 + 3 + 6 + 3 + 4 + 1 + 1 + 1, 11
            ),
        ),
        # push rbp; sub rsp, 16; lea rbp; movsd [rbp-8], xmm0; call; movsd xmm0, [rbp-8]; add rsp, 16; pop rbp; ret
        (
            "x64",
            DOUBLE_ACROSS_CALL,
            Score(1 + 0.25 + 0.5 + 1 + 1 + 3 + 0.25 + 0.5 + 1, 1 + 4 + 5 + 5 + 6 + 5 + 4 + 1 + 1, 9, 1),
        ),
        # sub rsp, 56; movaps [rsp], xmm6; movaps xmm6, xmm0; call; movaps xmm0, xmm6; movaps xmm6, [rsp]; add; ret
        (
            "x64-windows",
            DOUBLE_ACROSS_CALL,
            Score(0.25 + 1 + 0.25 + 1 + 0.25 + 3 + 0.25 + 1, 4 + 6 + 4 + 6 + 4 + 6 + 4 + 1, 8),
        ),
        # ...; cmp esi, [rdi+8]; jae throw; mov eax, esi; mov eax, [rdi+rax*4+16]; ...; throw: call; int3
        ("x64", ELEMENT, Score(2.75 + 3 + 1 + 0.25 + 2, 6 + 3 + 6 + 2 + 4 + 6, 4 + 4 + 2)),
        # ...; mov eax, edi; cdq; idiv esi; ...
        ("x64", DIVISION, Score(2.75 + 0.25 + 0.5 + 25, 6 + 2 + 1 + 2, 4 + 3)),
        # push rbp; sub rsp, 16; lea rbp; movups xmm0, [rdi+16]; movups [rbp-16], xmm0; movups xmm0, [rbp-16];
        # movups [rdi+32], xmm0; add rsp, 16; pop rbp; ret
        (
            "x64",
            STRUCT_COPY,
            Score(1 + 0.25 + 0.5 + 4 + 1 + 3 + 2 + 0.25 + 0.5 + 1, 1 + 4 + 5 + 5 + 5 + 5 + 5 + 4 + 1 + 1, 10),
        ),
        # ...; xor ecx, ecx; loop: inc ecx; cmp ecx, edi; jl loop; mov eax, ecx; ...
        ("x64", LOOP, Score(2.75 + 0.25 + 8 * (0.25 + 0.25 + 1) + 0.25, 6 + 2 + 2 + 2 + 2 + 2, 4 + 1 + 3 + 1)),
        # xmm0 is scratch: movaps xmm2, xmm0; ...; vaddsd xmm0, xmm2, xmm1; vmulsd xmm0, xmm0, [const]; ...
        ("x64", FLOATS, Score(2.75 + 0.25 + 3 + 5, 6 + 4 + 4 + 8, 4 + 3)),
    ],
)
def test_score_by_hand(arch, of, expected):
    assert Embedded(arch).score_method(of) == expected


@pytest.mark.parametrize(
    ("kind", "access", "cycles"),
    [
        ("mov", Access.NONE, 0.25),
        ("mov", Access.READ_STACK, 1),
        ("mov", Access.READ_GENERAL, 2),
        ("mov", Access.WRITE_GENERAL, 1),
        ("alu", Access.NONE, 0.25),
        ("alu", Access.READ_STACK, 2),
        ("alu", Access.MODIFY_STACK, 2),
        ("lea", Access.NONE, 0.5),
        ("shift", Access.NONE, 0.5),
        ("imul", Access.NONE, 2),
        ("idiv64", Access.NONE, 68),
        ("jcc", Access.NONE, 1),
        ("call", Access.NONE, 1),
        ("fadd", Access.NONE, 3),
        ("divd", Access.NONE, 12),
        ("push", Access.NONE, 1),
        ("pop", Access.NONE, 0.5),
    ],
)
def test_perf_score_of_instructions(kind, access, cycles):
    assert CYCLES[kind][access] == 100 * cycles


def test_arm_takes_one_instruction_per_half_word_of_a_constant():
    values = (0, 1, 0x12345, 0x1234_0000_0001, -1, -70000, 2**63 - 1)
    assert [arm64_costs.immediate_moves(value) for value in values] == [1, 1, 2, 2, 1, 2, 4]


def test_weights_scale_cycles_and_not_bytes():
    hot = Method("m", LOOP.locals, 1, tuple(Block(b.statements, b.successors, 3 * b.weight) for b in LOOP.blocks), INT)
    slow, fast = Embedded().score_method(hot), Embedded().score_method(LOOP)
    assert slow.perf_score == 3 * fast.perf_score
    assert (slow.code_size, slow.instructions) == (fast.code_size, fast.instructions)


def test_statements_that_only_compute_a_value_are_no_code():
    idle = method([field(INT, local(0, REF), 8), *LEAF.blocks[0].statements], (REF, INT), 2)
    assert Embedded().score_method(idle) == Embedded().score_method(LEAF)


def test_stores_that_nobody_reads_are_no_code_but_their_calls_are():
    plain = Embedded().score_method(LEAF)
    unread = store_local(2, binary(Op.MUL, INT, local(1, INT), field(INT, local(0, REF), 8)))
    also_unread = store_local(3, binary(Op.ADD, INT, local(2, INT), constant(INT, 1)))
    idle = method([unread, also_unread, *LEAF.blocks[0].statements], (REF, INT, INT, INT), 2)
    assert Embedded().score_method(idle) == plain
    calling = method([store_local(2, call(INT)), *LEAF.blocks[0].statements], (REF, INT, INT), 2)
    assert Embedded().score_method(calling).perf_score >= plain.perf_score + 1


def test_a_frame_beyond_the_reach_of_short_displacements_takes_more_bytes():
    def copies(count: int) -> Score:
        types = (REF, *[STRUCT] * count)
        stores = [store_local(1 + n, field(STRUCT, local(0, REF), 16)) for n in range(count)]
        reads = [store_field(local(0, REF), 32, local(1 + n, STRUCT)) for n in range(count)]
        return Embedded().score_method(method([*stores, *reads, returns()], types, 1, VOID))

    size = [copies(count).code_size for count in range(6, 11)]
    # From 8 structs on, moving rsp by 128 takes 3 bytes more, twice; from the ninth on, both accesses do.
    assert [more - less for less, more in pairwise(size)] == [20, 20 + 6, 20 + 6, 20 + 6]


def test_vectors_survive_calls_where_the_convention_says_so():
    across = method([call(), returns(local(0, SIMD))], (SIMD,), 1, SIMD)
    spills = {arch: Embedded(arch).score_method(across).spills for arch in ("x64", "x64-windows", "arm64")}
    assert spills == {"x64": 1, "x64-windows": 0, "arm64": 1}


def test_unknown_arch_is_refused():
    with pytest.raises(ValueError, match="unknown arch 'mips'; allowed: x64, x64-windows, arm64"):
        Embedded("mips")


def test_malformed_methods_are_refused():
    with pytest.raises(ValueError, match="block 0"):
        Embedded().score_method(method([returns(local(5, INT))], (INT,), 1))
