"""The listing is the code that is priced: its lines add up to the score, and show what became of every value."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.envs.jitcse.backends.embedded import Embedded
from gymcc.envs.jitcse.frontend import analyse
from gymcc.envs.jitcse.ir import Type
from gymcc.envs.jitcse.trees import field, local
from tests.jitcse.test_embedded_methods import ARCHS, any_analysis, seeds, some_choice
from tests.jitcse.test_embedded_scores import ACROSS_CALL, ELEMENT, INT, LOOP, REF, call, method, returns

BACKENDS = {arch: Embedded(arch) for arch in ARCHS}
HEAD = re.compile(r"; (\S+) for (\S+): PerfScore ([\d.]+), (\d+) bytes, (\d+) instructions, (\d+) values on the stack")
BLOCK = re.compile(r"(prolog|B\d+|throw):  ; weight ([\d.e+-]+)")
LINE = re.compile(r" *([\d.]+) +(\d+)  (\S.*)")


def read(text: str) -> tuple[float, int, int]:
    """Weighted cycles, bytes and instructions of a listing."""
    cycles, size, count, weight = 0.0, 0, 0, 0.0
    for line in text.splitlines():
        if found := BLOCK.fullmatch(line):
            weight = float(found[2])
        elif not line.startswith(";"):
            found = LINE.fullmatch(line)
            assert found, line
            cycles, size, count = cycles + weight * float(found[1]), size + int(found[2]), count + 1
    return cycles, size, count


def none(of) -> str:
    backend = BACKENDS["x64"]
    return backend.listing(backend.prepare(analyse(of)), frozenset())


@settings(max_examples=50, deadline=None)
@given(seeds, st.sampled_from(ARCHS))
def test_lines_add_up_to_the_score(seed, arch):
    analysis, backend = any_analysis(seed), BACKENDS[arch]
    prepared, choice = backend.prepare(analysis), some_choice(analysis, seed)
    score, text = backend.score(prepared, choice), backend.listing(prepared, choice)
    cycles, size, count = read(text)
    assert cycles == pytest.approx(score.perf_score, rel=1e-4)  # weights are shown with six digits
    assert (size, count) == (score.code_size, score.instructions)
    head = HEAD.fullmatch(text.splitlines()[0])
    assert head
    assert head.groups()[1:2] + head.groups()[3:] == (
        arch,
        str(score.code_size),
        str(score.instructions),
        str(score.spills),
    )


def instructions(text: str) -> list[str]:
    return [found[3] for line in text.splitlines() if (found := LINE.fullmatch(line))]


def test_loop_reads_as_written_by_hand():
    text = none(LOOP)
    assert instructions(text) == [
        "push rbp",
        "mov rbp, rsp",
        "xor esi, esi",
        "inc esi",
        "cmp esi, edi",
        "jl B1",
        "mov eax, esi",
        "pop rbp",
        "ret",
    ]
    assert "B1:  ; weight 8" in text


def test_values_across_calls_are_in_saved_registers():
    assert instructions(none(ACROSS_CALL)) == [
        "push rbp",
        "push rbx",
        "sub rsp, 8",
        "lea rbp, [rsp]",
        "mov rbx, rdi",
        "call f",
        "mov eax, [rbx+8]",
        "add rsp, 8",
        "pop rbx",
        "pop rbp",
        "ret",
    ]


def test_bounds_checks_share_their_failure():
    text = none(ELEMENT)
    assert instructions(text)[2:6] == ["cmp esi, [rdi+8]", "jae RNGCHKFAIL", "mov eax, esi", "mov eax, [rdi+rax*4+16]"]
    assert instructions(text)[-2:] == ["call RNGCHKFAIL", "int3"]


LOAD = field(INT, local(0, REF), 8)
LOADS = method([call(Type.VOID, LOAD, LOAD), returns()], (REF,), 1, Type.VOID)


def test_kept_candidates_are_named():
    analysis = analyse(LOADS)
    backend = BACKENDS["x64"]
    prepared = backend.prepare(analysis)
    text = backend.listing(prepared, frozenset({0}))
    assert re.search(r"; V01 int +\S+ +cse_0$", text, re.MULTILINE)
    assert "cse_" not in backend.listing(prepared, frozenset())
