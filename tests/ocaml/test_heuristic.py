"""The rules by which ocamlopt inlines unasked, and the proven optimum."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from gymcc.envs.ocaml.cost import CostModel
from gymcc.envs.ocaml.frontend import parse_program
from gymcc.envs.ocaml.heuristic import O1, O3, closure, default, flambda
from gymcc.envs.ocaml.inliner import CLOSURE, FLAMBDA, NOTHING, Rules, Session, paths
from gymcc.envs.ocaml.optimum import TooMany, every, optimum
from tests.ocaml.inlining_cases import PROGRAMS, program


def session(source: str, rules=FLAMBDA) -> Session:
    return Session(parse_program(source, "test"), rules)


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("rules", [FLAMBDA, CLOSURE], ids=lambda rules: rules.name)
def test_the_default_can_be_honoured_whole(name, rules):
    made = Session(program(name), rules)
    decisions = default(made)
    residual = made.residual(decisions)
    openings = (*residual.openings, *(each for unit in residual.dropped for each in unit.openings))
    assert {each.path for each in openings if each.inlined} == decisions.inline


def test_closure_mode_keeps_bodies_up_to_ten_and_their_parameters():
    # lambda_smaller: 2 per operation and 1 per constant; two parameters allow 12
    fits = session("let f x y = x + y + x + y + x + 1 let r = ref 1 let () = print_int (f !r 2)", CLOSURE)
    large = session("let f x y = x + y + x + y + x + y + 1 let r = ref 1 let () = print_int (f !r 2)", CLOSURE)
    assert closure(fits).inline == {(0,)}
    assert closure(large).inline == frozenset()
    assert closure(large, threshold=13).inline == {(0,)}


def test_closure_mode_measures_bodies_with_their_own_copies_in():
    source = """let small x y = x * y + x + y
    let twice x y = small x y + small y x
    let r = ref 1 let () = print_int (twice !r 2 + small !r 3)"""
    made = session(source, CLOSURE)
    named = {made.program.sites[path[-1]].callee for path in closure(made).inline}
    assert named == {1}  # two copies of small make twice too large
    assert all(path[-1] != 2 for path in closure(made).inline)


def test_closure_mode_copies_no_functions_that_define_functions_or_apply_partially():
    defines = "let f x = let g y = x + y in if x > 0 then g 1 else g 2 let () = print_int (f 1)"
    partial = "let g a b = a + b let f x = g x let h = f 1 let () = print_int (h 2)"
    assert not any(path[-1] == 2 for path in closure(session(defines, CLOSURE)).inline)
    made = session(partial, CLOSURE)
    assert not any(made.program.sites[path[-1]].callee == 2 for path in closure(made).inline)


def test_flambda_inlines_what_pays_for_itself():
    source = "let get (a, _) = a let r = ref 1 let f x y = get (x, y) let () = print_int (f !r 2)"
    assert flambda(session(source)).inline >= {(0,), (1,)}


def test_flambda_refuses_large_bodies_of_which_it_knows_nothing():
    body = " + ".join(["x * y"] * 30)
    source = f"let f x y = {body} let g x y = f x y + 1 let r = ref 2 let () = print_int (g !r 3)"
    assert (0,) not in flambda(session(source)).inline


def test_flambda_goes_deeper_with_more_optimisation():
    made = session("let apply f x = f x let r = ref 1 let () = print_int (apply (fun y -> y + 1) !r)")
    assert flambda(made, O1).inline == {(1,)}
    assert flambda(made, O3).inline == {(1,), (1, 0)}


def test_copies_keep_what_was_inlined_in_the_functions_own_code():
    source = "let a x = x + 1 let b x = a x let c x = b x let r = ref 1 let () = print_int (c !r)"
    assert flambda(session(source), O1).inline == {(0,), (1,), (1, 0), (2,), (2, 1), (2, 1, 0)}


@pytest.mark.parametrize(("factor", "inlined"), [(0.0, {(0,), (1,)}), (0.1, {(0,), (1,)}), (9.0, {(1,)})])
def test_flambda_values_less_what_is_saved_in_branches(factor, inlined):
    source = "let g x y = x * y + x + y let f x y = (if x > y then g x y else 1) + g y x let r = ref 1"
    made = session(f"{source} let () = print_int (f !r !r)")
    found = flambda(made, (replace(O1[-1], branch_factor=factor),)).inline
    assert {path for path in found if path[-1] < 2 and len(path) == 1} == inlined
    assert 0 < O1[-1].branch_factor < 1
    assert O3[-1].branch_factor == 0


@pytest.mark.parametrize(
    "rules", [Rules("two", True, True, True, True, depth=2), CLOSURE], ids=lambda rules: rules.name
)
def test_the_optimum_is_the_best_of_all_trees(rules):
    source = """let get (a, _) = a let big x = x * x + x * 3 + x / 7 + x
    let f x = get (x, 1) + big x
    let () = for i = 1 to 10 do print_int (f i) done"""
    model = CostModel(parse_program(source, "small"), rules)

    def cost(decisions) -> float:
        found = model.cost(decisions)
        return found.time + 0.5 * found.size

    best = optimum(model.session, cost)
    universe = sorted({each.path for tree in every(model.session) for each in model.session.residual(tree).openings})
    trees = [frozenset(some) for size in range(len(universe) + 1) for some in combinations(universe, size)]
    assert best.cost == min(cost(paths(tree)) for tree in trees)
    assert best.cost == cost(best.decisions)
    different = {frozenset(o.path for o in model.session.residual(paths(t)).openings if o.inlined) for t in trees}
    assert best.tried == len(different)


def test_no_decision_beats_the_optimum_and_nothing_is_among_them():
    model = CostModel(program("partial"))
    best = optimum(model.session, lambda decisions: model.cost(decisions).time)
    assert best.cost <= model.cost(default(model.session)).time
    assert NOTHING in set(every(model.session))


def test_too_many_decisions_are_refused():
    model = CostModel(program("branches"))
    with pytest.raises(TooMany, match="branches has more than 50 different decisions"):
        optimum(model.session, lambda decisions: model.cost(decisions).time, limit=50)
