"""The LLVM back end: nothing is merged, code is measured right, and what is missing is named."""

from __future__ import annotations

import copy
import pickle
import re
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.envs.core.problem import BackendError
from gymcc.envs.jitcse.analysis import Choice, Score
from gymcc.envs.jitcse.builder import Builder, Label
from gymcc.envs.jitcse.frontend import analyse, perform
from gymcc.envs.jitcse.generator import generate
from gymcc.envs.jitcse.ir import LOADS, Method, Node, Op, Type
from gymcc.envs.jitcse.trees import (
    binary,
    call,
    compare,
    constant,
    element,
    field,
    local,
    static,
    store_field,
    store_local,
)
from tests.jitcse.llvm_cases import chosen

llvm = pytest.importorskip("llvmlite.binding", reason="the llvm back end needs llvmlite: pip install gymcc[llvm]")
if not llvm.get_process_triple().startswith("x86_64"):
    pytest.skip("the llvm back end works on x86-64 hosts only", allow_module_level=True)

from gymcc.envs.jitcse.backends.llvm import Llvm, emit, selftest  # noqa: E402
from gymcc.envs.jitcse.backends.llvm.assembly import (  # noqa: E402
    MachineBlock,
    read,
    weights,
    without_jumps_to_next,
)
from gymcc.envs.jitcse.backends.llvm.machine import assembly, target_machine  # noqa: E402
from gymcc.envs.jitcse.backends.llvm.operands import is_memory, split  # noqa: E402

PARAMETERS = (Type.INT, Type.INT, Type.LONG, Type.DOUBLE, Type.OTHER, Type.OTHER)
A, B, WIDE, NUMBER, OBJECT, ARRAY = (local(place, kind) for place, kind in enumerate(PARAMETERS))
TREES = (  # each computes something that others compute, too
    binary(Op.MUL, A, B),
    binary(Op.OR, binary(Op.MUL, A, B), B),
    binary(Op.OR, field(Type.INT, OBJECT, 24), A),
    binary(Op.MUL, field(Type.INT, OBJECT, 24), field(Type.INT, OBJECT, 24)),
    element(Type.INT, ARRAY, A),
    binary(Op.MUL, element(Type.INT, ARRAY, A), B),
    binary(Op.OR, WIDE, Node(Op.HANDLE, Type.LONG, (), 5)),
    Node(Op.HANDLE, Type.LONG, (), 5),
    binary(Op.OR, static(Type.LONG, 3), WIDE),
    binary(Op.ADD, NUMBER, NUMBER),
    binary(Op.ADD, binary(Op.ADD, NUMBER, NUMBER), field(Type.DOUBLE, OBJECT, 32)),
    Node(Op.CAST, Type.INT, (binary(Op.ADD, NUMBER, NUMBER),)),
    call(Type.INT, "f", binary(Op.MUL, A, B), field(Type.INT, OBJECT, 24)),
)
seeds = st.integers(0, 2**32)


def repeating(trees: list[int], forks: list[bool]) -> Method:
    """Stores trees to fields one after the other, some in the arms of branches, so that every value is needed."""
    out = Builder("repeating", PARAMETERS)
    for place, (number, forked) in enumerate(zip(trees, forks, strict=False)):
        arm, end = Label(), Label()
        if forked:
            out.branch(compare(Op.LT, A, B), arm, end)
            out.place(arm)
        out.emit(store_field(OBJECT, 64 + 8 * place, TREES[number]))
        out.place(end)
    return out.finish()


def instructions(method: Method) -> list[str]:
    return [each for block in read(assembly(emit(method))).blocks for each in block.instructions]


def loads(code: list[str]) -> int:
    """Instructions that read memory elsewhere than on the stack and in the pool of floating-point constants."""
    found = 0
    for each in code:
        mnemonic, _, rest = each.partition("\t")
        operands = split(rest) if mnemonic[0] not in "jc" or mnemonic.startswith("cmp") else []
        stored = mnemonic.startswith(("mov", "vmov")) and bool(operands) and is_memory(operands[-1])
        found += any(is_memory(o) and "%rsp" not in o and ".L" not in o for o in operands) and not stored
    return found


COUNTED = (  # nodes, and instructions that each becomes one of
    (lambda node: node.op is Op.MUL, lambda code: sum(each.startswith("imul") for each in code)),
    (lambda node: node.op is Op.OR, lambda code: sum(each.startswith(("orl", "orq")) for each in code)),
    (lambda node: node.op is Op.HANDLE, lambda code: sum("movabsq" in each for each in code)),
    (lambda node: node.op is Op.ADD and node.type is Type.DOUBLE, lambda code: sum("vaddsd" in each for each in code)),
    (lambda node: node.op is Op.BOUNDS, lambda code: sum("throw" in each for each in code)),
    (lambda node: node.op in LOADS, loads),
)
lists = st.lists(st.integers(0, len(TREES) - 1), min_size=2, max_size=14)


@settings(max_examples=60)
@given(trees=lists, forks=st.lists(st.booleans(), min_size=14), choice=st.frozensets(st.integers(0, 20)))
def test_code_computes_exactly_what_the_method_says(trees: list[int], forks: list[bool], choice: Choice) -> None:
    method = perform(analyse(repeating(trees, forks)), choice)
    nodes = [node for block in method.blocks for statement in block.statements for node in statement.walk()]
    code = instructions(method)
    for is_one, count in COUNTED:
        assert count(code) == sum(map(is_one, nodes))


def test_addresses_are_computed_by_the_loads_that_use_them() -> None:
    base = binary(Op.ADD, OBJECT, binary(Op.MUL, ARRAY, constant(Type.OTHER, 8)))
    out = Builder("addresses", PARAMETERS, Type.LONG)
    out.returns(field(Type.LONG, binary(Op.ADD, base, constant(Type.OTHER, 16)), 8))
    assert instructions(out.finish()) == ["movq\t24(%rcx,%r8,8), %rax", "retq"]


def test_a_checked_element_takes_four_instructions() -> None:
    out = Builder("element", PARAMETERS, Type.INT)
    out.returns(element(Type.INT, ARRAY, A))
    code = ["cmpl\t8(%r8), %edi", "jae\tthrow_bounds", "movl\t%edi, %eax", "movl\t16(%r8,%rax,4), %eax", "retq"]
    assert instructions(out.finish()) == code


def test_a_constant_that_is_kept_stays_in_its_register() -> None:
    out = Builder("kept", PARAMETERS)
    kept = out.keep(Node(Op.HANDLE, Type.LONG, (), 5))
    for place in range(3):
        out.emit(store_field(OBJECT, 8 * place, kept))
    assert sum(each.startswith("movabsq") for each in instructions(out.finish())) == 1


def test_keeping_a_product_saves_its_multiplications() -> None:
    analysis = analyse(repeating([0, 0, 0], [False] * 3))
    backend = Llvm()
    prepared = backend.prepare(analysis)
    (product,) = (n for n, candidate in enumerate(analysis.candidates) if candidate.viable)
    before, after = backend.score(prepared, frozenset()), backend.score(prepared, frozenset({product}))
    assert backend.listing(prepared, frozenset()).count("imul") == 3
    assert backend.listing(prepared, frozenset({product})).count("imul") == 1
    assert before.perf_score - after.perf_score >= 2 * 2  # an imul costs 2
    assert before.instructions > after.instructions
    assert before.code_size > after.code_size


def test_only_locals_that_are_read_again_get_phis() -> None:
    out = Builder("arms", PARAMETERS, Type.INT)
    read_later, overwritten, forgotten = (out.new_local(Type.INT) for _ in range(3))
    arm, other, end = Label(), Label(), Label()
    out.branch(compare(Op.LT, A, B), arm, other)
    for label, value in ((arm, A), (other, B)):
        out.place(label)
        for number in (read_later, overwritten, forgotten):
            out.emit(store_local(number, value))
        out.jump(end)
    out.place(end)
    out.emit(store_local(overwritten, A))
    last, loop = Label(), Label()
    out.branch(compare(Op.LT, A, B), loop, last)
    with out.scaled(8.0):
        out.place(loop)
        out.branch(compare(Op.LT, A, B), loop, last)
    out.place(last)
    out.returns(binary(Op.ADD, local(read_later, Type.INT), local(overwritten, Type.INT)))
    assert [line.split()[0] for line in emit(out.finish()).split("\n") if " phi " in line] == [f"%x{read_later}.3"]


# The self-test


def test_the_self_test_notices_an_llvm_that_merges() -> None:
    text = emit(selftest.repetitions())
    selftest.check_merging(text)
    with pytest.raises(BackendError, match=r"of 3 equal \w+ .* 1 are left"):
        selftest.check_merging(text.replace("optnone ", ""))


# Blocks and their weights


def test_a_small_method_by_hand() -> None:
    out = Builder("small", (Type.INT, Type.INT), Type.INT)
    out.returns(binary(Op.ADD, A, B))
    backend = Llvm()
    prepared = backend.prepare(analyse(out.finish()))
    assert instructions(prepared.analysis.method) == ["movl\t%edi, %eax", "addl\t%esi, %eax", "retq"]
    assert backend.score(prepared, frozenset()) == Score(perf_score=1.5, code_size=5, instructions=3, spills=0)
    assert backend.listing(prepared, frozenset()).split("\n") == [
        "; small by LLVM: PerfScore 1.50, 5 bytes, 3 instructions, 0 stack slots for values without a register",
        "; cycles bytes",
        "B0:  ; B0, weight 1",
        "    0.25     2  movl %edi, %eax",
        "    0.25     2  addl %esi, %eax",
        "    1.00     1  retq",
    ]


def test_a_loop_counts_eight_times() -> None:
    out = Builder("loop", (Type.INT, Type.INT), Type.INT)
    head, end = Label(), Label()
    with out.scaled(8.0):
        out.place(head)
        out.emit(store_local(0, binary(Op.MUL, A, B)))
        out.branch(compare(Op.LT, A, B), head, end)
    out.place(end)
    out.returns(A)
    backend = Llvm()
    # A move (0.25) before and a return (1) after it; in the loop imul (2), cmp (0.25) and jl (1).
    assert backend.score(backend.prepare(analyse(out.finish())), frozenset()).perf_score == 1.25 + 8 * 3.25


@settings(max_examples=40)
@given(seed=seeds)
def test_every_block_of_a_method_is_found_in_its_code(seed: int) -> None:
    method = perform(*chosen(seed))
    text = emit(method)
    blocks = read(assembly(text)).blocks
    sources = [block.source for block in blocks if block.source is not None]
    assert len(sources) == len(set(sources))
    # LLVM decides branches that compare a value with itself, and drops what they never go to.
    assert set(sources) == set(range(len(method.blocks))) or re.search(r"cmp \w+ \w+ (\S+), \1$", text, re.MULTILINE)
    executions = weights(blocks, [block.weight for block in method.blocks])
    for block, weight in zip(blocks, executions, strict=True):
        assert block.source is None or weight == method.blocks[block.source].weight
        assert min(each.weight for each in method.blocks) <= weight


def test_a_block_on_an_edge_runs_as_often_as_its_rarer_end() -> None:
    blocks = (
        MachineBlock("", 0, ("jl\t.L2",)),
        MachineBlock("", None, ("movl\t%eax, %ecx", "jmp\t.L3")),
        MachineBlock(".L2", 1, ()),
        MachineBlock(".L3", 2, ("jl\t.L4",)),
        MachineBlock("", 1, ("retq",)),
        MachineBlock(".L4", None, ("jmp\t.L3",)),
    )
    assert weights(blocks, [1.0, 2.0, 8.0]) == [1.0, 1.0, 2.0, 8.0, 2.0, 8.0]


def test_jumps_to_the_next_instruction_are_free() -> None:
    blocks = (
        MachineBlock("", 0, ("jl\t.L3", "jmp\t.L2")),
        MachineBlock(".L1", None, ("jmp\t.L2",)),
        MachineBlock(".L2", 1, ("jmp\t.L1",)),
        MachineBlock(".L3", 2, ("retq",)),
    )
    assert [each.instructions for each in without_jumps_to_next(blocks)] == [
        ("jl\t.L3",),
        (),
        ("jmp\t.L1",),
        ("retq",),
    ]


# The back end as a whole


@settings(max_examples=20)
@given(seed=seeds)
def test_scores_are_reproducible_and_back_ends_can_be_copied(seed: int) -> None:
    backend = Llvm()
    analysis, choice = chosen(seed)
    prepared = backend.prepare(analysis)
    score = backend.score(prepared, choice)
    for other in (copy.deepcopy(backend), pickle.loads(pickle.dumps(backend))):
        assert other.score(pickle.loads(pickle.dumps(prepared)), choice) == score
    assert 0 < score.instructions < score.code_size <= 15 * score.instructions


def test_candidates_that_are_not_viable_change_nothing() -> None:
    backend = Llvm()
    analyses = map(analyse, map(generate, range(200)))
    analysis = next(each for each in analyses if not all(candidate.viable for candidate in each.candidates))
    prepared = backend.prepare(analysis)
    idle = frozenset(n for n, candidate in enumerate(analysis.candidates) if not candidate.viable)
    assert backend.score(prepared, idle) == backend.score(prepared, frozenset())


def test_a_number_that_is_no_candidate_is_named() -> None:
    backend = Llvm()
    prepared = backend.prepare(analyse(repeating([0, 0], [False] * 2)))
    with pytest.raises(ValueError, match="no candidate 7"):
        backend.score(prepared, frozenset({0, 7}))


def test_pressure_spills() -> None:
    out = Builder("pressure", (Type.OTHER,))
    held = [out.keep(field(Type.DOUBLE, local(0, Type.OTHER), 16 + 8 * n)) for n in range(20)]
    for place, each in enumerate(held):
        out.emit(store_field(local(0, Type.OTHER), 512 + 8 * place, each))
    out.emit(call(Type.VOID, "f"))
    for place, each in enumerate(held):
        out.emit(store_field(local(0, Type.OTHER), 1024 + 8 * place, each))
    backend = Llvm()
    assert backend.score(backend.prepare(analyse(out.finish())), frozenset()).spills >= 20


# What may be missing


@pytest.fixture
def fresh() -> Iterator[None]:
    """What is found out once per process is found out anew, and again afterwards."""
    caches = (selftest.self_test, target_machine)
    for each in caches:
        each.cache_clear()
    yield
    for each in caches:
        each.cache_clear()


@pytest.mark.usefixtures("fresh")
def test_without_llvmlite_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llvmlite.binding", None)
    with pytest.raises(BackendError, match=r"pip install gymcc\[llvm\]"):
        Llvm()


@pytest.mark.usefixtures("fresh")
def test_another_host_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llvm, "get_process_triple", lambda: "aarch64-apple-darwin")
    with pytest.raises(BackendError, match="aarch64-apple-darwin"):
        Llvm()


def test_text_that_llvm_refuses_is_an_error_of_the_back_end() -> None:
    with pytest.raises(BackendError, match="LLVM refuses"):
        assembly("define nonsense")


def test_versions_name_what_scores_depend_on() -> None:
    versions = Llvm().versions()
    assert set(versions) == {"backend", "model", "llvmlite", "llvm", "target"}
    assert all(versions.values())
