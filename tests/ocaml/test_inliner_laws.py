"""What inlining may not change: what a program prints, and what decisions mean."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gymcc.envs.ocaml import ir
from gymcc.envs.ocaml.frontend import OcamlError, parse_program
from gymcc.envs.ocaml.inliner import CLOSURE, FLAMBDA, NOTHING, Paths, Rules, Session, inline, mixed, paths, sites
from gymcc.envs.ocaml.interpreter import run
from gymcc.envs.ocaml.ir import Evaluate, Let, LetFunctions, Match
from gymcc.envs.ocaml.printer import print_program
from gymcc.envs.ocaml.walk import bindings, bound, captured, decisions, used
from tests.ocaml.inlining_cases import PROGRAMS, program, random_paths, random_source

RULES = st.sampled_from((FLAMBDA, CLOSURE))
SEEDS = st.integers(0, 10**6)


@settings(max_examples=30, deadline=None)
@given(name=st.sampled_from(sorted(PROGRAMS)), seed=SEEDS, rules=RULES)
def test_prints_the_same(name, seed, rules):
    session = Session(program(name), rules)
    residual = session.residual(random_paths(session, seed)).program()
    assert run(residual).output == run(program(name)).output


@settings(max_examples=25, deadline=None)
@given(source=SEEDS, seed=SEEDS, rules=RULES)
def test_random_programs_print_the_same(source, seed, rules):
    try:
        parsed = parse_program(random_source(source), "random")
    except OcamlError:
        assume(False)
    session = Session(parsed, rules)
    assert run(session.residual(random_paths(session, seed)).program()).output == run(parsed).output


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("rules", [FLAMBDA, CLOSURE], ids=lambda rules: rules.name)
def test_everything_inlined_prints_the_same(name, rules):
    assert run(inline(program(name), lambda _: True, rules)).output == run(program(name)).output


@settings(max_examples=30, deadline=None)
@given(name=st.sampled_from(sorted(PROGRAMS)), seed=SEEDS, rules=RULES)
def test_earlier_decisions_leave_no_trace(name, seed, rules):
    """A session that has seen other decisions says what a fresh one says."""
    used = Session(program(name), rules)
    decisions = random_paths(used, seed)
    used.residual(lambda _: True)
    again, fresh = used.residual(decisions), Session(program(name), rules).residual(decisions)
    assert again.openings == fresh.openings
    assert run(again.program()).profile.exact == run(fresh.program()).profile.exact


@settings(max_examples=30, deadline=None)
@given(name=st.sampled_from(sorted(PROGRAMS)), seed=SEEDS, rules=RULES)
def test_decisions_below_what_is_not_inlined_do_not_matter(name, seed, rules):
    session = Session(program(name), rules)
    chosen = random_paths(session, seed)
    inlined = {each.path for each in session.residual(chosen).openings if each.inlined}
    assert session.residual(Paths(frozenset(inlined))).openings == session.residual(chosen).openings
    assert all(path[:-1] in inlined for path in inlined if len(path) > 1)


@settings(max_examples=30, deadline=None)
@given(name=st.sampled_from(sorted(PROGRAMS)), seed=SEEDS)
def test_residual_programs_are_well_formed(name, seed):
    """Variables are bound once, blocks and cases stand once per path, and closures capture what they use."""
    session = Session(program(name))
    residual = session.residual(random_paths(session, seed)).program()
    variables = bound(residual.main)
    assert max(variables) < residual.variables
    assert set(residual.globals) <= variables
    known = set(residual.globals)
    seen = 0
    for binding in bindings(residual.main.body):
        if isinstance(binding, LetFunctions):
            seen += sum(len(function.params) + 1 for function in binding.functions)
            if binding in residual.main.body.bindings:
                assert binding.functions[0].free == captured(binding.functions, known)
                known.update(f.variable.id for f in binding.functions if not f.free)
    assert seen <= len(variables)
    for binding in bindings(residual.main.body):
        if isinstance(binding, Let) and isinstance(binding.operation, Match):
            arms = binding.operation.arms
            assert not set(_inside(binding.operation)) & set().union(*(used(arm.body) for arm in arms))


def _inside(match):
    """The variables that a decision tree binds: arms see only what leaves pass."""
    for node in decisions(match.tree):
        if isinstance(node, ir.Test):
            yield from (field.id for case in node.cases for field in case.fields if field is not None)
        elif isinstance(node, Evaluate):
            yield from (each.variable.id for each in node.bindings if isinstance(each, Let))


@settings(max_examples=30, deadline=None)
@given(name=st.sampled_from(sorted(PROGRAMS)), seed=SEEDS, rules=RULES)
def test_residual_programs_print_as_ocaml_that_prints_the_same(name, seed, rules):
    """So that every variable is in scope where it is used."""
    session = Session(program(name), rules)
    text = print_program(session.residual(random_paths(session, seed)).program()).text
    assert run(parse_program(text, name)).output == run(program(name)).output


@pytest.mark.parametrize("name", PROGRAMS)
def test_site_mode_is_tree_mode_with_one_answer_per_site(name):
    session = Session(program(name))
    chosen = frozenset(range(0, len(session.program.sites), 2))
    openings = session.residual(sites(chosen)).openings
    inlined = frozenset(each.path for each in openings if each.inlined)
    assert inlined == {each.path for each in openings if not each.closed and each.path[-1] in chosen}
    assert session.residual(paths(inlined)).openings == openings
    assert session.residual(mixed({(site,): True for site in chosen})).openings == openings


def test_a_path_overrules_its_site():
    session = Session(program("accessors"))
    whole = {each.path for each in session.residual(lambda _: True).openings if each.inlined}
    deeper = next(path for path in whole if len(path) == 2)
    decided = mixed({(deeper[0],): True, (deeper[1],): True, deeper: False})
    inlined = {each.path for each in session.residual(decided).openings if each.inlined}
    assert deeper not in inlined
    assert deeper[:1] in inlined


def test_rules_limit_depth_and_size():
    shallow = Session(program("lens"), Rules("shallow", True, True, True, True, depth=1))
    openings = shallow.residual(lambda _: True).openings
    assert max(len(each.path) for each in openings if each.inlined) == 1
    assert any(each.closed == "the path is longer than 1" for each in openings)
    small = Session(program("lens"), Rules("small", True, True, True, True, size=3))
    assert any("more than 3 operations" in each.closed for each in small.residual(lambda _: True).openings)
    with pytest.raises(ValueError, match="depth -1"):
        Rules("none", True, True, True, True, depth=-1)


def test_nothing_inlined_is_the_source_where_nothing_can_be_folded():
    assert inline(program("accessors"), NOTHING).main == program("accessors").main
