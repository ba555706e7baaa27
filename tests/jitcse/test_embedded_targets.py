"""How the targets differ."""

from __future__ import annotations

from hypothesis import given, settings

from gymcc.envs.jitcse.backends.embedded import Embedded
from gymcc.envs.jitcse.backends.embedded.backend import lowering_for
from gymcc.envs.jitcse.backends.embedded.code.operands import Mem
from gymcc.envs.jitcse.backends.embedded.machine import ARM64, X64
from gymcc.envs.jitcse.backends.embedded.pricing.scoring import compile_method
from gymcc.envs.jitcse.frontend import analyse, perform
from gymcc.envs.jitcse.ir import Method, Node, Op, Type
from gymcc.envs.jitcse.trees import field, local, store_field, store_local
from tests.jitcse.test_embedded_methods import any_analysis, seeds, some_choice
from tests.jitcse.test_embedded_scores import DOUBLE, INT, REF, binary, call, method, returns


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_arm_instructions_take_four_bytes(seed):
    analysis = any_analysis(seed)
    score = Embedded("arm64").score_method(perform(analysis, some_choice(analysis, seed)))
    assert score.code_size == 4 * score.instructions


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_arm_goes_to_memory_with_loads_and_stores_alone(seed):
    analysis = any_analysis(seed)
    compiled = compile_method(lowering_for(ARM64), analysis.method, recording=True)
    for code in compiled.code:
        for each in code.instructions if code else ():
            assert each.mnemonic in ("ldr", "str") or not any(isinstance(part, Mem) for part in each.operands)


def sums(count: int) -> Method:
    """``count`` fields, all loaded before any is used."""
    loads = [store_local(1 + number, field(INT, local(0, REF), 8 * number)) for number in range(count)]
    total: Node = local(1, INT)
    for number in range(1, count):
        total = binary(Op.ADD, INT, total, local(1 + number, INT))
    return method([*loads, returns(total)], (REF, *[INT] * count), 1)


def test_arm_has_more_registers():
    assert [Embedded("x64").score_method(sums(count)).spills for count in (10, 12, 20, 25)] == [0, 1, 9, 14]
    assert [Embedded("arm64").score_method(sums(count)).spills for count in (10, 12, 20, 25)] == [0, 0, 0, 1]


def test_x64_contains_what_arm_loads_first():
    tree = returns(binary(Op.ADD, INT, field(INT, local(0, REF), 8), field(INT, local(0, REF), 16)))
    of = method([tree], (REF,), 1)

    def mnemonics(machine) -> list[str]:
        code = compile_method(lowering_for(machine), of, recording=True).code[2]
        assert code
        return [each.mnemonic for each in code.instructions]

    assert mnemonics(X64) == ["mov", "add"]
    assert mnemonics(ARM64) == ["ldr", "ldr", "add"]


def gain_of_the_first(arch: str, of: Method) -> float:
    backend = Embedded(arch)
    prepared = backend.prepare(analyse(of))
    scores = [backend.score(prepared, choice).perf_score for choice in (frozenset(), frozenset([0]))]
    return scores[0] - scores[1]


def test_addresses_are_worth_keeping_where_they_take_three_instructions():
    handle = Node(Op.HANDLE, REF, (), 7)
    of = method([*[store_field(local(0, REF), 8 * n, handle) for n in range(3)], returns()], (REF,), 1, Type.VOID)
    assert gain_of_the_first("x64", of) == 2 * 0.25
    assert gain_of_the_first("arm64", of) == 2 * 1.5


def test_floats_across_calls_are_kept_in_registers_where_calls_preserve_some():
    quotient = binary(Op.DIV, DOUBLE, local(0, DOUBLE), local(1, DOUBLE))
    of = method([call(Type.VOID, quotient), returns(quotient)], (DOUBLE, DOUBLE), 2, DOUBLE)
    spills = {}
    for arch in ("x64", "x64-windows", "arm64"):
        backend = Embedded(arch)
        prepared = backend.prepare(analyse(of))
        spills[arch] = [backend.score(prepared, choice).spills for choice in (frozenset(), frozenset([0]))]
    # Without the temporary both arguments must survive the call, with it only the quotient.
    assert spills == {"x64": [2, 1], "x64-windows": [0, 0], "arm64": [0, 0]}
