"""Hand-written programs print what they print when ocamlopt compiles them."""

from __future__ import annotations

import pytest

from gymcc.envs.ocaml.frontend import parse_program
from gymcc.envs.ocaml.interpreter import run
from tests.ocaml.native import needs_ocamlopt, output_of
from tests.ocaml.subset_programs import PROGRAMS


@needs_ocamlopt
@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_print_what_ocamlopt_makes_them_print(name, tmp_path):
    assert run(parse_program(PROGRAMS[name], name)).output == output_of(PROGRAMS[name], tmp_path)


def test_operands_are_evaluated_from_right_to_left():
    source = """
    let p n = print_int n; n
    let f a b = a - b
    let () = ignore (f (p 1) (p 2)); ignore (p 3, p 4, p 5); ignore [p 6; p 7]; ignore (p 8 + p 9)
    """
    assert run(parse_program(source, "order")).output == "215437698"


def test_a_closure_keeps_the_value_of_its_turn_of_a_loop():
    source = """
    let fs = Array.make 3 (fun () -> 0)
    let () = for i = 0 to 2 do fs.(i) <- (fun () -> i * i) done
    let () = let f = fs.(0) and g = fs.(2) in print_int (f () + g ())
    """
    assert run(parse_program(source, "closures")).output == "4"
