"""What the source says of calls: the same from our front end as from the compiler's typed syntax trees."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from gymcc.envs.ocaml.backends.compiler import FEATURES, Program, build
from gymcc.envs.ocaml.backends.compiler.compiling import Driver
from gymcc.envs.ocaml.backends.compiler.features import features
from gymcc.envs.ocaml.backends.compiler.listing import parse_listing
from gymcc.envs.ocaml.backends.sim import Simulator
from gymcc.envs.ocaml.features import NAMES, PROFILE, profile_features, scaled, site_features
from gymcc.envs.ocaml.frontend import parse_program
from gymcc.envs.ocaml.generator import generate
from gymcc.envs.ocaml.interpreter import compile_program
from gymcc.envs.ocaml.library import shipped_texts
from gymcc.envs.ocaml.source import list_source
from gymcc.envs.ocaml.walk import functions
from tests.ocaml.compiler_cases import ANY, needs_ocaml, own_cache  # noqa: F401
from tests.ocaml.subset_programs import PROGRAMS

TEXTS = {**shipped_texts(), **{f"gen_{seed}": generate(seed) for seed in range(8)}}
SUBSET = {f"subset_{name}": text for name, text in PROGRAMS.items()}

SMALL = """
type t = { f : int -> int; g : int }
let twice h x = h (h x)
let rec sum l acc = match l with [] -> acc | x :: r -> sum r (acc + x)
let make n = { f = (fun x -> x + n); g = n }
let rec run k =
  let r = make k in
  for i = 1 to 3 do
    if i > 1 then print_int (twice (fun x -> x * r.g) (r.f i))
  done;
  if k > 0 then run (k - 1)
let () = run 2; print_int (sum [ 1; 2 ] 3)
"""


def compiled_listing(name, text):
    """The compiler's, by its tool."""
    program = Program(((f"{name}.ml", text.encode()),))
    _, body = Driver(ANY, build(ANY), ()).plain(program)
    return parse_listing(body, externals=False)


def plain(thing, names):
    return {name: getattr(thing, name) for name in names}


@needs_ocaml
@pytest.mark.parametrize("name", [*TEXTS, *SUBSET])
def test_calls_and_functions_are_those_of_the_compiler(name):
    """Numbers, places, callees and every count: sites and paths mean the same in simulator and compiler."""
    text = {**TEXTS, **SUBSET}[name]
    ours, theirs = list_source(text), compiled_listing(name, text)
    for mine, others in ((ours.definitions, theirs.definitions), (ours.sites, theirs.sites)):
        assert len(mine) == len(others)
        for one, other in zip(mine, others, strict=True):
            names = [field.name for field in fields(one)]
            assert plain(one, names) == plain(other, names)
    for number, row in enumerate(site_features(ours.sites, ours.definitions)):
        assert tuple(row) == features(theirs, number)


def test_sites_are_those_of_the_representation():
    for name, text in TEXTS.items():
        program, listing = parse_program(text, name), list_source(text)
        places = [(site.id, site.head.line, site.head.column, site.kind, site.arguments) for site in program.sites]
        assert places == [(s.id, s.head_line, s.head_column, s.kind, s.arguments) for s in listing.sites]


def test_there_are_at_least_31_and_all_back_ends_have_them():
    assert len(NAMES) == len(set(NAMES)) >= 31
    assert NAMES == FEATURES


def line_of(mark):
    """Of the first line of SMALL that has a text."""
    return next(number for number, line in enumerate(SMALL.splitlines(), 1) if mark in line)


def test_features_say_what_the_source_says():
    listing = list_source(SMALL)
    rows = {
        f"{site.name}:{site.line}": dict(zip(NAMES, row, strict=True))
        for site, row in zip(listing.sites, site_features(listing.sites, listing.definitions), strict=True)
    }
    call = rows[f"twice:{line_of('if i')}"]
    assert (call["arguments"], call["function_arguments"], call["allocating_arguments"]) == (2, 1, 1)
    assert (call["loop_depth"], call["branch_depth"], call["nesting"]) == (1, 1, 1)
    assert (call["callee_arity"], call["callee_calls"], call["callee_only_use"]) == (2, 2, 1)
    assert (call["is_direct"], call["caller_recursive"], call["caller_uses"]) == (1, 1, 2)
    field = rows[f"r.f:{line_of('if i')}"]
    assert (field["is_unknown"], field["callee_size"], field["variable_arguments"]) == (1, 0, 1)
    again = rows[f"run:{line_of('if k')}"]
    assert (again["is_self"], again["callee_recursive"], again["callee_loops"]) == (1, 1, 1)
    top = rows[f"sum:{line_of('run 2')}"]
    assert (top["caller_size"], top["nesting"], top["constant_arguments"]) == (0, 0, 1)


def test_counts_are_shown_by_their_logarithm_and_flags_as_they_are():
    listing = list_source(SMALL)
    raw = site_features(listing.sites, listing.definitions)
    shown = scaled(raw)
    assert shown.dtype == np.float32
    size, flag = NAMES.index("callee_size"), NAMES.index("is_direct")
    assert np.allclose(shown[:, size], np.log1p(raw[:, size]))
    assert set(np.unique(shown[:, flag])) == {0.0, 1.0}


def test_the_profile_counts_calls():
    simulator = Simulator(SMALL, "small")
    made = {f"{site.name}:{site.line}": count for site, count in zip(simulator.sites, simulator.profile, strict=True)}
    inner, again, top = line_of("if i"), line_of("if k"), line_of("run 2")
    assert made[f"twice:{inner}"] == made[f"r.f:{inner}"] == 6  # in three runs of a loop of which two turns call
    assert made[f"run:{again}"] == made[f"sum:{line_of('sum r')}"] == 2
    assert made[f"run:{top}"] == made[f"sum:{top}"] == 1
    assert made[f"h:{line_of('h (h x)')}"] == 6  # each of two calls
    shown = profile_features(simulator.profile, len(simulator.sites))
    assert shown.shape == (len(simulator.sites), len(PROFILE))
    assert shown[:, 2].sum() == pytest.approx(1)
    assert not profile_features(None, 3).any()


@pytest.mark.parametrize("name", ["bdd", "pipeline", "gen_3"])
def test_profiles_add_up_to_the_calls_that_the_interpreter_makes(name):
    """Every activation but main's was started by a call of some site."""
    simulator = Simulator(TEXTS[name], name)
    profile = compile_program(simulator.program).run().profile
    started = sum(profile.total(function.body.id) for function in functions(simulator.program).values()) - 1
    partial = sum(
        count for site, count in zip(simulator.sites, simulator.profile, strict=True) if site.kind == "partial"
    )
    assert sum(simulator.profile) - partial == started
