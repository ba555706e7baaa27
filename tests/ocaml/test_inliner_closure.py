"""What cannot be inlined, and what closure mode cannot do that Flambda can, beyond looking into arguments."""

from __future__ import annotations

import pytest

from gymcc.envs.ocaml.frontend import parse_program
from gymcc.envs.ocaml.heuristic import closure
from gymcc.envs.ocaml.inliner import CLOSURE, FLAMBDA, NOTHING, Session, inline, open_sites, sites
from gymcc.envs.ocaml.ir import Field, Let, Match
from gymcc.envs.ocaml.walk import bindings


def opened(source: str, rules=CLOSURE, decisions=NOTHING) -> dict[int, str]:
    """By site why it cannot be inlined, empty if it can."""
    return {each.path[-1]: each.closed for each in open_sites(parse_program(source, "test"), decisions, rules)}


GROUP = "let rec f n = {} and g n = if n = 0 then 1 else f (n - 1) let () = print_int (f 3)"


@pytest.mark.parametrize(
    ("body", "kept"), [("if n = 0 then 0 else g n", True), ("if n = 0 then n * 7 + 3 else g (n * n - 1) + n", False)]
)
def test_closure_mode_keeps_bodies_of_functions_defined_together_only_if_they_are_small(body, kept):
    source = GROUP.format(body)
    site = max(opened(source))
    assert (opened(source)[site] == "") is kept
    assert opened(source, FLAMBDA)[site] == ""
    alone = f"let g n = n + 1 let f n = {body} let () = print_int (f 3)"
    assert opened(alone)[max(opened(alone))] == ""


def fields_left(source: str, rules, decisions=NOTHING) -> int:
    residual = inline(parse_program(source, "test"), decisions, rules)
    found = bindings(residual.main.body)
    return sum(isinstance(each, Let) and isinstance(each.operation, Field) for each in found)


def test_closure_mode_looks_into_constant_blocks_also_where_it_copies_and_into_no_others():
    constant = (
        "let p = (3, (4, 5)) let get q = let (_, b) = q in fst b let main () = get p let () = print_int (main ())"
    )
    computed = "let r = ref 3 let get q = fst q let main () = get (!r, 1) let () = print_int (main ())"
    assert fields_left(constant, CLOSURE) == fields_left(constant, FLAMBDA)
    everywhere = sites(range(9))
    for rules in (CLOSURE, FLAMBDA):
        assert fields_left(constant, rules, everywhere) == fields_left(constant, rules)  # those of the function itself
    assert fields_left(computed, CLOSURE, everywhere) > fields_left(computed, FLAMBDA, everywhere)


def test_closure_mode_loads_from_blocks_that_it_knows_but_for_functions():
    source = "let r = ref 3 let f x = let p = (x, fun y -> y + x) in {} let () = print_int (f !r)"
    assert fields_left(source.format("fst p"), CLOSURE) == 2  # and the reference's
    assert fields_left(source.format("fst p"), FLAMBDA) == 1
    call = source.format("let g = snd p in g 1")
    assert fields_left(call, CLOSURE) == fields_left(call, FLAMBDA) == 1
    assert "the function is unknown" not in opened(call).values()


def test_closure_mode_decides_tests_of_constant_blocks_in_copies_and_of_no_others():
    def branches(source: str, rules) -> int:
        residual = inline(parse_program(source, "test"), sites(range(9)), rules)
        return sum(isinstance(each, Let) and isinstance(each.operation, Match) for each in bindings(residual.main.body))

    types = "type t = A of int | B of int let f t = match t with A n -> n | B n -> n * 2 let r = ref 1 "
    constant, computed = (types + f"let main () = f (A {n}) let () = print_int (main ())" for n in ("3", "!r"))
    assert branches(constant, CLOSURE) == branches(constant, FLAMBDA) == 1  # that of f itself
    assert branches(computed, CLOSURE) == branches(constant, CLOSURE) + 2  # in the copies of f and of main
    source = types + "let c = A 3 let g () = match c with A n -> n | B n -> n * 2 let () = print_int (g ())"
    assert [branches(source, rules) for rules in (CLOSURE, FLAMBDA)] == [2, 1]  # f and g, not the copy of g
    here = types + "let g x = let t = A x in match t with A n -> n | B n -> n * 3 let () = print_int (g !r + f (A 1))"
    assert branches(here, CLOSURE) == branches(constant, CLOSURE) + 2  # in g and in its copy


@pytest.mark.parametrize(("body", "kept"), [("two m f x", True), ("use one f x", False)])
def test_bodies_are_measured_with_the_loads_of_functions_that_are_passed(body, kept):
    """As ocamlopt 4.13 does: `one`, passed to a copy, is loaded from the block of the top level."""
    source = f"""let one f x = f x let use n f x = one (n f) x let two m f x = m (one f) x let m g y = g y
    let r = ref (fun y -> y + 0) let last f x = {body} let () = print_int (last !r 3)"""
    made = Session(parse_program(source, "test"), CLOSURE)
    assert ((len(made.program.sites) - 1,) in closure(made).inline) is kept


@pytest.mark.parametrize(
    ("constructors", "kept"),
    [("B of int | C of t", True), ("B of int | C of t | D of int", False), ("A | B of int | C of t", False)],
)
def test_what_constants_and_blocks_lead_to_is_a_handler(constructors, kept):
    """As ocamlopt 4.13 does: 11, and one more for the handler."""
    wrap = "let wrap t = match t with C _ -> t | _ -> C t"
    source = f"type t = {constructors} let r = ref (B 1) {wrap} let () = match wrap !r with C _ -> () | _ -> ()"
    made = Session(parse_program(source, "test"), CLOSURE)
    assert bool(closure(made).inline) is kept


@pytest.mark.parametrize("rules", [CLOSURE, FLAMBDA], ids=lambda rules: rules.name)
def test_a_guard_that_is_tested_in_several_places_is_not_decided_on(rules):
    """One call in the source, two in the code: a decision per path would not say which."""
    match = "match m, k with (A | B), n when g n -> 1 | A, 0 -> 2 | _, n -> n"
    source = f"type t = A | B | C let g n = n > 3 let f m k = {match} let () = print_int (f A 3)"
    assert opened(source, rules)[0] == "the guard that it stands in is tested in several places"
