"""Random programs: of the subset and of OCaml, of the size promised, soon done, the same everywhere."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.envs.ocaml.actions import Action
from gymcc.envs.ocaml.backends.sim import Simulator
from gymcc.envs.ocaml.generator import MAX_FUNCTIONS, MAX_SITES, MIN_FUNCTIONS, MIN_SITES, generate
from gymcc.envs.ocaml.interpreter import run
from gymcc.envs.ocaml.ir import CallKind
from gymcc.envs.ocaml.walk import functions
from tests.ocaml.native import needs_ocamlopt, output_of

MOST_CALLS = 60_000  # made in a run: a tenth of a second in the interpreter


@settings(max_examples=25)
@given(st.integers(0, 10**12))
def test_a_program_is_of_the_size_promised_and_ends_soon(seed: int):
    simulator = Simulator(generate(seed), "random")
    assert MIN_SITES <= len(simulator.sites) <= MAX_SITES
    assert MIN_FUNCTIONS <= len(functions(simulator.program)) - 1 <= MAX_FUNCTIONS
    assert 500 <= sum(simulator.profile) <= MOST_CALLS
    assert sum(len(simulator.legal((site.id,))) > 1 for site in simulator.sites) >= 3
    assert simulator.model.recording.output.strip()


@settings(max_examples=20)
@given(st.integers(0, 10**12))
def test_no_path_of_calls_is_longer_than_six(seed: int):
    simulator = Simulator(generate(seed), "random")
    direct = {CallKind.DIRECT, CallKind.OVER}
    calls: dict[int, set[int]] = {}
    for site in simulator.program.sites:
        if site.callee is not None and site.kind in direct:
            calls.setdefault(site.caller, set()).add(site.callee)

    def depth(function: int) -> int:
        return max((1 + depth(callee) for callee in calls.get(function, ())), default=0)

    assert depth(0) <= 6


@needs_ocamlopt
@pytest.mark.parametrize("seed", [*range(12), 10**9, 10**17])
def test_ocamlopt_compiles_them_to_what_the_interpreter_says(seed: int, tmp_path):
    source = generate(seed)
    assert output_of(source, tmp_path) == run(Simulator(source, "random").program).output


def test_all_kinds_of_functions_and_traps_occur():
    texts = [generate(seed) for seed in range(60)]
    for mark in ("large", "guard", "let rec", "ops.join", "{ u", "(fun v ->", "twice", "match pair", "Box", "mix"):
        share = sum(mark in text for text in texts) / len(texts)
        assert share > 0.1, mark
    assert len(set(texts)) == len(texts)


def test_what_inlining_gains_differs_from_program_to_program():
    """Some gain a quarter of their time by inlining all, and in some that gains nothing."""
    ratios = []
    for seed in range(25):
        simulator = Simulator(generate(seed), "random")
        paths = [(site.id,) for site in simulator.sites]
        inlined = {path: Action.INLINE for path in paths if Action.INLINE in simulator.legal(path)}
        ratios.append(simulator.cost(inlined).cost / simulator.baseline.cost)
    assert min(ratios) < 0.75
    assert max(ratios) > 0.93


def test_a_seed_means_the_same_program_in_every_process():
    code = "from gymcc.envs.ocaml.generator import generate; print(generate(7), end='')"
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        assert done.stdout == generate(7)
