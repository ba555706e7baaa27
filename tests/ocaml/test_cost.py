"""The cost of decisions, against running the inlined program and counting."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gymcc.envs.ocaml.cost import STANDARD, Cost, CostModel
from gymcc.envs.ocaml.frontend import OcamlError, parse_program
from gymcc.envs.ocaml.inliner import CLOSURE, FLAMBDA, NOTHING, Session, inline
from gymcc.envs.ocaml.interpreter import OutOfFuel
from tests.ocaml.inlining_cases import PROGRAMS, counted, program, random_paths, random_source

RULES = st.sampled_from((FLAMBDA, CLOSURE))
SEEDS = st.integers(0, 10**6)
_models: dict = {}


def model(name: str, rules) -> CostModel:
    """One cost model per program and rules for all examples: what it keeps must not matter."""
    if (name, rules) not in _models:
        _models[name, rules] = CostModel(program(name), rules)
    return _models[name, rules]


def assert_counted(found: CostModel, decisions) -> None:
    cost = found.cost(decisions)
    residual = found.session.residual(decisions).program()
    assert (cost.time, cost.words) == counted(residual, found.pricer())


@settings(max_examples=40, deadline=None)
@given(name=st.sampled_from(sorted(PROGRAMS)), seed=SEEDS, rules=RULES)
def test_costs_are_those_of_running_the_inlined_program(name, seed, rules):
    found = model(name, rules)
    assert found.recording.exact
    assert_counted(found, random_paths(found.session, seed))


@settings(max_examples=25, deadline=None)
@given(source=SEEDS, seed=SEEDS, rules=RULES)
def test_costs_of_random_programs_are_those_of_running_them(source, seed, rules):
    try:
        found = CostModel(parse_program(random_source(source), "random"), rules)
    except OcamlError:
        assume(False)
    assume(found.recording.exact)
    assert_counted(found, random_paths(found.session, seed))


@settings(max_examples=25, deadline=None)
@given(name=st.sampled_from(sorted(PROGRAMS)), seed=SEEDS, rules=RULES)
def test_costs_do_not_depend_on_what_was_asked_before(name, seed, rules):
    found = model(name, rules)
    decisions = random_paths(found.session, seed)
    found.cost(lambda _: True)
    assert found.cost(decisions) == CostModel(program(name), rules).cost(decisions)


@pytest.mark.parametrize("name", PROGRAMS)
def test_without_decisions_the_cost_is_the_simplified_sources(name):
    found = CostModel(program(name))
    alone = CostModel(inline(program(name), NOTHING))
    assert found.cost(NOTHING)[::2] == alone.cost(NOTHING)[::2]
    assert found.cost(NOTHING).size == alone.cost(NOTHING).size


def test_inlining_a_hot_accessor_saves_its_calls_and_boxes():
    source = """let add x y = x +. y
    let () = let s = ref 0.0 in for i = 1 to 1000 do s := add !s (float_of_int i) done; print_float !s"""
    found = CostModel(parse_program(source, "boxes"))
    before, after = found.cost(NOTHING), found.cost(lambda _: True)
    assert before.words - after.words == 1000 * 6  # the result and the two arguments, two words each
    assert before.time - STANDARD.start > 2 * (after.time - STANDARD.start) - 1000
    assert after.size < before.size  # nobody calls it any more


def test_copies_make_code_larger_where_the_function_stays():
    found = CostModel(program("mutual"), CLOSURE)
    assert found.cost(lambda _: True).size > found.cost(NOTHING).size


def test_hot_code_that_does_not_fit_the_cache_costs_fetches():
    tiny = CostModel(program("accessors"), CLOSURE, replace(STANDARD, cache=64))
    usual = CostModel(program("accessors"), CLOSURE)
    assert tiny.cost(NOTHING).time > usual.cost(NOTHING).time
    assert tiny.cost(NOTHING)[1:] == usual.cost(NOTHING)[1:]


def test_fetches_fade_as_the_cache_grows_and_end_where_the_hot_code_fits():
    program_ = program("accessors")
    caches = range(0, 2001, 100)
    times = [CostModel(program_, CLOSURE, replace(STANDARD, cache=cache)).cost(NOTHING).time for cache in caches]
    assert times == sorted(times, reverse=True)
    assert times[-1] == CostModel(program_, CLOSURE, replace(STANDARD, fetch=0)).cost(NOTHING).time
    code = CostModel(program_, CLOSURE).cost(NOTHING).size
    fits = next(cache for cache, time in zip(caches, times, strict=True) if time == times[-1])
    assert code / 4 < fits < code + 100
    half = times[caches.index(fits // 200 * 100)]
    assert (half - times[-1]) / (times[0] - times[-1]) == pytest.approx(0.5, abs=0.1)


def test_code_that_seldom_runs_takes_no_room_in_the_cache():
    cold = "; ".join(["print_int (f !r)"] * 40)
    turns = "for i = 1 to 5000 do r := (!r + i) land 255 done"
    program_ = parse_program(f"let r = ref 1 let f x = x * x + 3 let () = {turns}; {cold}", "cold")
    small, none = (replace(STANDARD, cache=300, fetch=fetch) for fetch in (10, 0))
    assert CostModel(program_, CLOSURE, small).cost(NOTHING) == CostModel(program_, CLOSURE, none).cost(NOTHING)
    assert CostModel(program_, CLOSURE, small).cost(NOTHING).size > 10 * 300 / 4


def test_living_through_calls_costs_spills():
    template = "let f x = x * x + 1 let g a b = {} let () = for i = 1 to 100 do print_int (g i 3) done"
    across = CostModel(parse_program(template.format("f a + f b + a * b + (a - b)"), "across"))
    before, after = across.cost(NOTHING), across.cost(lambda path: path[-1] < 2)
    assert before.time - after.time > 100 * 2 * 5  # more than two calls, their frames and returns


def test_a_program_that_does_not_end_is_refused():
    with pytest.raises(OutOfFuel):
        CostModel(
            parse_program("let rec f x = if x < 0 then 0 else f (x + 0) let () = print_int (f 1)", "t"), fuel=1000
        )


def test_costs_are_whole_numbers():
    assert all(type(each) is int for each in CostModel(program("floats")).cost(NOTHING))
    assert Cost._fields == ("time", "size", "words")


def test_recursion_through_a_reference_is_merged_and_said_so():
    source = """let self = ref (fun n -> n)
    let step f n = f (n - 1)
    let () = self := (fun n -> if n = 0 then 0 else n + step !self n); let f = !self in print_int (f 50)"""
    found = CostModel(parse_program(source, "knot"))
    assert not found.recording.exact
    assert len(found.recording.activations) < 20
    assert found.recording.output == "1275"
    assert Session(found.session.program).residual(NOTHING)
