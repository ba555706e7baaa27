"""What the inliner makes of copies, one ability at a time."""

from __future__ import annotations

import pytest

from gymcc.envs.ocaml.frontend import parse_program
from gymcc.envs.ocaml.inliner import CLOSURE, FLAMBDA, NOTHING, inline, open_sites
from gymcc.envs.ocaml.inliner.folding import fold
from gymcc.envs.ocaml.ir import Call, CallKind, Constant, Field, Let, Make, Match, Prim, Program, Scalar
from gymcc.envs.ocaml.primitives import Primitive
from gymcc.envs.ocaml.walk import bindings


def everything(_path):
    return True


def operations(residual: Program, kind: type) -> list:
    """The operations of a kind in main's own code."""
    found = bindings(residual.main.body, into_functions=False)
    return [each.operation for each in found if isinstance(each, Let) and isinstance(each.operation, kind)]


def inlined(source: str, decisions=everything, rules=FLAMBDA) -> Program:
    return inline(parse_program(source, "test"), decisions, rules)


def printed(residual: Program) -> list:
    """The atoms that main prints."""
    return [prim.args[0] for prim in operations(residual, Prim) if prim.primitive is Primitive.PRINT_INT]


def test_arguments_stand_for_parameters_and_constants_fold():
    residual = inlined("let f x y = x * 10 + y let () = print_int (f (f 1 2) 3)")
    assert printed(residual) == [Constant(Scalar.INT, 123)]
    assert not operations(residual, Call)


def test_a_branch_whose_outcome_is_known_is_taken():
    residual = inlined(
        "type t = A | B of int let f t = match t with A -> 1 | B n -> n + 1 let () = print_int (f A + f (B 4))"
    )
    assert printed(residual) == [Constant(Scalar.INT, 6)]
    assert not operations(residual, Match)
    assert not operations(residual, Make)


def test_a_branch_whose_outcome_is_unknown_stays_with_the_arms_that_can_be_taken():
    source = """type t = A | B | C
    let f t n = match t with A -> n | B when n > 2 -> n + 1 | B -> n + 2 | C -> n + 3
    let r = ref 1
    let () = print_int (f B !r)"""
    (match,) = operations(inlined(source), Match)
    assert len(match.arms) == 2


def test_tuples_and_records_meet_their_consumers_only_where_the_middle_end_looks():
    source = "let swap (a, b) = (b, a) let r = ref 1 let () = let (x, _) = swap (!r, !r + 1) in print_int x"
    assert not operations(inlined(source), Prim)[0].primitive.value.startswith("print")
    assert len(operations(inlined(source), Make)) == 1  # the reference
    assert len(operations(inlined(source, rules=CLOSURE), Make)) == 3


@pytest.mark.parametrize(("declared", "loads"), [("float", 2), ("int", 0)])
def test_doubles_are_loaded_even_from_records_that_are_known(declared, loads):
    source = f"type v = {{ x : {declared}; y : {declared} }} let get v = (v.x, v.y) let f a b = get {{ x = a; y = b }}"
    residual = inlined(f"{source} let () = ignore (f)")
    found = bindings(residual.main.body)
    fields = [each for each in found if isinstance(each, Let) and isinstance(each.operation, Field)]
    assert len(fields) == 2 + loads  # those of `get` itself


def test_a_function_that_becomes_known_is_called_directly_and_can_be_inlined_in_turn():
    source = "let apply f x = f x let r = ref 3 let () = print_int (apply (fun y -> y + 1) !r)"
    program = parse_program(source, "test")
    outer = next(each for each in open_sites(program, NOTHING) if not each.closed)
    openings = open_sites(program, lambda path: path == outer.path)
    (inner,) = (each for each in openings if len(each.path) == 2)
    assert not inner.closed
    assert inner.callee is not None
    assert inner.kind is CallKind.DIRECT
    assert not operations(inline(program, everything), Call)
    (blind,) = (each for each in open_sites(program, everything, CLOSURE) if len(each.path) == 2)
    assert blind.closed == "the function is unknown"


def test_a_partial_application_gets_the_rest_of_its_arguments():
    source = "let f a b c = a + b * c let r = ref 1 let () = let g = f !r 2 in print_int (g 3)"
    (call,) = operations(inlined(source, NOTHING), Call)
    assert call.kind is CallKind.DIRECT
    assert len(call.args) == 3
    assert not operations(inlined(source), Call)


def test_calls_know_the_branches_and_loops_around_them():
    turns = "for i = 1 to g 1 do while !r > g 2 do r := g 3 done; r := g 4 done"
    source = f"let r = ref 9 let g n = n let f n = (if n > 0 then ({turns}; r := g 5) else r := g 6); g 7"
    openings = open_sites(parse_program(f"{source} let () = print_int (f 1)", "test"), NOTHING)
    around = [(each.branches, each.loops) for each in sorted(openings, key=lambda each: each.path)]
    assert around[:7] == [(1, 0), (1, 2), (1, 2), (1, 1), (1, 0), (1, 0), (0, 0)]


def test_recursive_functions_are_inlined_once_from_outside_and_not_from_inside():
    program = parse_program("let rec f n = if n = 0 then 0 else f (n - 1) + 1 let () = print_int (f 3)", "test")
    openings = {each.path: each for each in open_sites(program, everything)}
    assert openings[1,].inlined
    assert openings[1, 0].closed == "the body of this recursive function is being copied already"
    assert openings[0,].closed == "the function is being defined around the call"


def test_copies_of_a_function_define_functions_of_their_own():
    source = "let adder n = let f x = x + n in f let () = print_int (adder 1 5 + adder 2 6)"
    program = parse_program(source, "test")
    outer = [each.path for each in open_sites(program, NOTHING) if not each.closed]
    assert outer == []  # over-applications are not open
    source = "let make n = let rec f x = if x > 9 then n else f (x + n) in f let a = make 1 let b = make 2"
    residual = inlined(f"{source} let () = print_int (a 5 + b 6)", lambda path: path in {(1,), (2,)})
    copies = {function.path for each in residual.main.body.bindings for function in getattr(each, "functions", ())}
    assert copies >= {(1,), (2,)}


def test_closure_mode_copies_no_bodies_that_define_functions():
    source = "let f n = let g x = x + n in g (n + 1) let () = print_int (f 3)"
    assert next(each.closed for each in open_sites(parse_program(source, "t"), everything, CLOSURE)) == (
        "the body makes closures"
    )


def test_effects_stay_in_order_and_calls_with_unused_results_stay():
    source = 'let say s = print_string s; 7 let k a b = a let () = print_int (k (say "a") (say "b")); ignore (say "c")'
    residual = inlined(source)
    prints = [prim.args[0] for prim in operations(residual, Prim)]
    assert [atom.value for atom in prints if isinstance(atom, Constant)] == ["b", "a", 7, "c"]


def test_what_may_fail_is_not_removed():
    source = "let f a b = let _ = a / b in 1 let z = ref 0 let () = print_int (f 1 !z)"
    assert any(prim.primitive is Primitive.INT_DIV for prim in operations(inlined(source), Prim))
    partly = "let f a = let _ = (match a with 0 -> 1) in 1 let z = ref 0 let () = print_int (f !z)"
    assert operations(inlined(partly), Match)
    assert not operations(inlined(partly.replace("0 -> 1", "0 -> 1 | _ -> 2")), Match)
    harmless = "let f a = let _ = a / 2 in 1 let z = ref 0 let () = print_int (f !z)"
    assert not any(prim.primitive is Primitive.INT_DIV for prim in operations(inlined(harmless), Prim))


def test_unused_functions_are_dropped_only_by_flambda_and_not_where_other_files_may_name_them():
    source = "let () = let f x = x + 1 in print_int (f 3)"

    def functions(residual):
        return [each for each in residual.main.body.bindings if not isinstance(each, Let)]

    assert not functions(inlined(source))
    assert len(functions(inlined(source, rules=CLOSURE))) == 1
    assert len(functions(inlined("let f x = x + 1 let () = print_int (f 3)"))) == 1


@pytest.mark.parametrize(
    ("primitive", "args", "result"),
    [
        (Primitive.INT_ADD, (2**62 - 1, 1), -(2**62)),
        (Primitive.INT_MUL, (2**61, 4), 0),
        (Primitive.INT_DIV, (-7, 2), -3),
        (Primitive.INT_MOD, (-7, 2), -1),
        (Primitive.INT_LSR, (-1, 1), 2**62 - 1),
        (Primitive.INT_ASR, (-8, 1), -4),
        (Primitive.INT_NOT, (5,), -6),
    ],
)
def test_integers_wrap_at_63_bits(primitive, args, result):
    assert fold(primitive, tuple(Constant(Scalar.INT, arg) for arg in args)) == Constant(Scalar.INT, result)


def test_what_fails_or_is_unspecified_is_not_folded():
    zero, one = Constant(Scalar.INT, 0), Constant(Scalar.INT, 1)
    assert fold(Primitive.INT_DIV, (one, zero)) is None
    assert fold(Primitive.INT_LSL, (one, Constant(Scalar.INT, 63))) is None
    assert fold(Primitive.INT_ADD, (1, one)) is None
    assert fold(Primitive.FLOAT_DIV, (Constant(Scalar.FLOAT, 1.0), Constant(Scalar.FLOAT, 0.0))) is None
    assert fold(Primitive.STRING_GET, (Constant(Scalar.STRING, "a"), zero)) is None
    assert fold(Primitive.STRING_LENGTH, (1,)) is None
    assert fold(Primitive.STRING_LENGTH, (Constant(Scalar.STRING, "ab"),)) == Constant(Scalar.INT, 2)
    assert fold(Primitive.INT_LT, (zero, one)) == Constant(Scalar.BOOL, 1)
