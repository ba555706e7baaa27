"""Printed programs compute the same: read back by our front end, and compiled by ocamlopt."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from gymcc.envs.ocaml.frontend import parse_program
from gymcc.envs.ocaml.interpreter import run
from gymcc.envs.ocaml.ir import Call, Let, LetFunctions
from gymcc.envs.ocaml.printer import print_program
from gymcc.envs.ocaml.walk import bindings
from tests.ocaml.generated_expressions import programs
from tests.ocaml.native import compiles, needs_ocamlopt, output_of
from tests.ocaml.subset_programs import PROGRAMS


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_printed_and_read_back_does_the_same(name):
    program = parse_program(PROGRAMS[name], name)
    again = parse_program(print_program(program).text, name)
    assert run(again).output == run(program).output


@needs_ocamlopt
@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_printed_does_the_same_when_ocamlopt_compiles_it(name, tmp_path):
    program = parse_program(PROGRAMS[name], name)
    assert output_of(print_program(program).text, tmp_path) == run(program).output


@pytest.mark.parametrize("name", PROGRAMS)
def test_printing_again_changes_nothing_but_numbers(name):
    once = parse_program(print_program(parse_program(PROGRAMS[name], name)).text, name)
    twice = parse_program(print_program(once).text, name)
    assert [(site.kind, site.arguments) for site in once.sites] == [(site.kind, site.arguments) for site in twice.sites]
    assert once.blocks == twice.blocks
    assert run(once).profile.exact == run(twice).profile.exact


@given(programs())
@settings(max_examples=40, deadline=None)
def test_generated_programs_are_read_back(generated):
    program = parse_program(generated.source, "generated")
    assert run(parse_program(print_program(program).text, "again")).output == run(program).output


@pytest.mark.parametrize("name", PROGRAMS)
def test_positions_of_calls_are_heads_of_sites(name):
    program = parse_program(PROGRAMS[name], name)
    printed = print_program(program)
    again = {site.head: site for site in parse_program(printed.text, name).sites}
    assert set(printed.calls) == {((), site.id) for site in program.sites}
    for (_, site), places in printed.calls.items():
        for place in places:
            assert again[place].arguments == program.sites[site].arguments
            if program.sites[site].callee is not None:
                assert again[place].kind in (program.sites[site].kind, "unknown")


def test_paths_of_copies_are_told_apart():
    program = parse_program("let f x = x + 1\nlet () = print_int (f 1)", "test")
    last = len(program.main.body.bindings) - 1
    moved = tuple(
        replace(each, operation=replace(each.operation, path=(7,)))
        if isinstance(each, Let) and isinstance(each.operation, Call)
        else each
        for each in program.main.body.bindings
    )
    assert last == 2
    main = replace(program.main, body=replace(program.main.body, bindings=moved))
    assert list(print_program(replace(program, main=main)).calls) == [((7,), 0)]


def test_conditions_are_printed_as_conditions():
    source = "let f a b c = if a && (b || not c) then print_int 1 else print_int 2\nlet () = f true false true"
    text = print_program(parse_program(source, "test")).text
    assert "&&" in text
    assert "||" in text
    assert "arm_" not in text


def test_arms_that_leaves_share_are_printed_once():
    source = """
    let f x y = match x, y with 1, 2 -> print_int 1 | 3, _ | _, 3 -> print_int x; print_int y | _ -> print_int 0
    let () = f 1 2; f 3 4; f 5 3; f 6 6
    """
    program = parse_program(source, "test")
    text = print_program(program).text
    assert text.count("let arm_1") == 1
    assert run(parse_program(text, "again")).output == run(program).output == "134530"


def test_names_and_types_of_modules_do_not_collide():
    source = """
    type t = A of int | B
    module M = struct type t = A of bool | C type r = { v : int } let v = A true let get r = r.v end
    type r = { v : bool }
    let f = function A n -> n | B -> 0
    let g = function M.A b -> b | M.C -> false
    let () = print_int (f (A 3)); if g M.v && { v = true }.v then print_int (M.get { M.v = 4 })
    """
    program = parse_program(source, "test")
    assert run(parse_program(print_program(program).text, "again")).output == run(program).output == "34"


@needs_ocamlopt
def test_literals_survive(tmp_path):
    source = r"""
    let () = print_int (-4611686018427387904); print_float (-0.); print_float 1e-7; print_float infinity;
      print_string "\000\255\"\\\n\t'"; print_char '\''; print_char '\\'; print_char '"'; print_float (-.nan)
    """
    program = parse_program(source, "test")
    text = print_program(program).text
    assert compiles(text, tmp_path)[0]
    assert output_of(text, tmp_path) == output_of(source, tmp_path) == run(program).output


def test_every_function_is_printed_with_its_name():
    program = parse_program(PROGRAMS["functions"], "functions")
    text = print_program(program).text
    names = [f.name for each in bindings(program.main.body) if isinstance(each, LetFunctions) for f in each.functions]
    assert {"compose", "Ops.scale", "fun"} <= set(names)
    assert "ops_scale_" in text
