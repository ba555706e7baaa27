"""The shipped programs: they print the same in the interpreter and when ocamlopt has compiled them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gymcc.envs.ocaml.backends.sim import Simulator
from gymcc.envs.ocaml.dataset import SHIPPED, shipped
from gymcc.envs.ocaml.frontend import parse_program
from gymcc.envs.ocaml.interpreter import run
from gymcc.envs.ocaml.library import shipped_texts
from gymcc.envs.ocaml.printer import print_program
from tests.ocaml.native import needs_ocamlopt, output_of

TEXTS = dict(shipped_texts())


def test_there_are_enough_to_learn_from_and_to_be_tested_on():
    dataset = shipped()[SHIPPED]
    assert len(dataset) >= 24
    assert min(len(dataset.split(part)) for part in ("train", "validation", "test")) >= 2
    assert len(dataset.split("test")) >= 6


@needs_ocamlopt
@pytest.mark.parametrize("name", TEXTS)
def test_a_program_prints_what_ocamlopt_makes_it_print(name: str, tmp_path: Path):
    printed = run(parse_program(TEXTS[name], name)).output
    assert printed == output_of(TEXTS[name], tmp_path)
    assert printed.strip()  # a checksum, or nobody would see that it computes something else


@needs_ocamlopt
@pytest.mark.parametrize("name", ["bdd", "lenses", "parsers", "vectors"])
def test_a_program_printed_from_its_representation_is_the_same_program(name: str, tmp_path: Path):
    program = parse_program(TEXTS[name], name)
    assert output_of(print_program(program).text, tmp_path) == run(program).output


@pytest.mark.parametrize("name", TEXTS)
def test_a_program_has_calls_to_decide_on_and_runs_for_a_moment(name: str):
    simulator = Simulator(TEXTS[name], name)
    assert any(len(simulator.legal((site.id,))) > 1 for site in simulator.sites)
    assert 20_000 < simulator.baseline.cost < 50_000_000
    assert 500 < simulator.baseline.text < 20_000
