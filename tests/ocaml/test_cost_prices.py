"""What is paid how often: a price is raised by a large sum, and the costs say how many times."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gymcc.envs.ocaml.cost import STANDARD, CostModel
from gymcc.envs.ocaml.frontend import parse_program
from gymcc.envs.ocaml.inliner import CLOSURE, FLAMBDA, NOTHING
from gymcc.envs.ocaml.primitives import Primitive

MUCH = 10**7
FLAT = replace(STANDARD, cache=10**12)  # whatever code there is fits


def paid(source: str, price: str, rules=CLOSURE, decisions=NOTHING) -> int:
    """How often a price is paid in a run of the program."""
    program = parse_program(source, "test")
    if price in tuple(Primitive):
        dear = replace(FLAT, primitives=FLAT.primitives | {Primitive(price): MUCH})
    else:
        dear = replace(FLAT, **{price: MUCH})
    costs = [CostModel(program, rules, prices).cost(decisions).time for prices in (FLAT, dear)]
    return round((costs[1] - costs[0]) / MUCH)


def loop(definitions: str, turn: str, turns: int = 10) -> str:
    body = f"let s = ref 0 in for i = 1 to n do {turn} done; !s"
    return f"{definitions}\nlet main n = {body} let () = print_int (main {turns})"


def everywhere(path) -> bool:
    return True


@pytest.mark.parametrize(
    ("body", "polls"),
    [
        ("if n = 0 then 0 else f (n - 1)", 11),  # jumps to itself: asks each time
        ("if n = 0 then 0 else 1 + f (n - 1)", 0),  # the stack would end it
        ("if n = 0 then 0 else let r = (n, n) in f (fst (id r) - 1)", 0),  # allocates each time
        ("if n = 0 then 0 else if n > 5 then f (fst (id (n, n)) - 1) else f (n - 1)", 11),  # there is a way around it
        ("if n = 0 then 0 else (if n > 5 then r := [ n ] else r := [ 1; n ]; f (n - 1))", 0),  # allocates on all ways
    ],
)
def test_tail_calls_ask_for_signals_where_nothing_is_allocated_before(body, polls):
    source = f"let id x = x let r = ref [ 1 ] let rec f n = {body} let () = print_int (f 10)"
    assert paid(source, "poll") == polls


def test_tail_calls_of_unknown_functions_ask_too_and_of_earlier_ones_do_not():
    assert paid("let use f x = f x let g x = x + 1 let () = print_int (1 + use g 2)", "poll") == 1
    assert paid("let g x = x + 1 let use x = g x let () = print_int (1 + use 2)", "poll") == 0


def test_loops_ask_for_signals_unless_they_allocate():
    assert paid(loop("", "s := !s + i"), "poll") == 10
    assert paid(loop("let r = ref [ 1 ]", "r := [ i ]"), "poll") == 0
    assert paid("let f n = let i = ref n in while !i > 0 do i := !i - 1 done; !i let () = print_int (f 7)", "poll") == 7


def test_the_code_of_the_top_level_allocates_out_of_line():
    assert paid("let f x = (x, x) let () = print_int (fst (f 3))", "outlined") == 0
    assert (
        paid("let r = ref 1 let () = for i = 1 to 4 do r := snd (i, !r) done; print_int !r", "outlined", FLAMBDA) == 1
    )
    assert paid("let r = ref [ 1 ] let () = for i = 1 to 4 do r := [ i ] done", "outlined") == 5


def test_closures_cost_more_than_their_words():
    assert paid(loop("let add a b = a + b let use f = f 1", "s := use (add i)"), "closure") == 10
    assert paid(loop("let use f = f 1", "s := use (fun x -> x + i)"), "closure") == 10
    assert paid(loop("let use f = f 1", "s := use (fun x -> x + 1)"), "closure") == 0  # in the program's data


@pytest.mark.parametrize(
    ("function", "call", "words"), [("fun x -> x + k", "f 1", 4), ("fun x y -> x + y + k", "f 1 2", 5)]
)
def test_closures_hold_their_code_and_what_they_capture(function, call, words):
    """A header, code and arity, the code that takes all arguments at once if there are several, and `k`."""
    source = f"let use f = {call} let main k = 1 + use ({function}) let () = print_int (main 3)"
    assert CostModel(parse_program(source, "test"), CLOSURE).cost(NOTHING).words == words
    assert paid(source, "indirect") == 1
    assert paid(source, "apply") == call.count(" ") - 1  # one argument goes to the code itself


def test_functions_that_allocate_or_call_have_a_frame():
    assert paid("let f x = x + 1 let () = print_int (f 1)", "frame") == 1  # the top level's
    assert paid("let f x = (x, 1) let () = print_int (fst (f 1))", "frame") == 2
    assert paid("let g x = x let f x = 1 + g x let () = print_int (f 1)", "frame") == 2


def test_arguments_are_moved_unless_they_were_computed_or_loaded_for_the_call():
    calls = "let g a b = a - b"
    assert paid(f"{calls} let f x y = 1 + g y x let () = print_int (1 + f 1 2)", "argument") == 2 + 2
    assert paid(f"{calls} let f x y = 1 + g (y + 1) (x * 2) let () = print_int (1 + f 1 2)", "argument") == 2


FIELDS = "type t = L | N of t * int * t let rec mk n = if n = 0 then L else N (L, n, mk (n - 1)) "


def test_fields_are_loaded_where_they_are_used_if_that_is_one_place():
    once = (
        FIELDS
        + "let f c t = match t with L -> 0 | N (_, x, _) -> if c then x else 1 let t = mk 3 let () = print_int (f {} t)"
    )
    used, unused = (paid(once.format(c), "load") for c in ("true", "false"))
    assert used == unused + 1
    twice = once.replace("else 1", "else x + 1")
    assert paid(twice.format("false"), "load") == used


def test_fields_that_two_leaves_pass_are_loaded_by_both():
    source = (
        FIELDS
        + "let f t = match t with N (_, x, L) | N (N (_, x, _), _, _) -> x | _ -> 0 let () = print_int (f (mk 1))"
    )
    assert CostModel(parse_program(source, "test"), CLOSURE).cost(NOTHING).time > STANDARD.start


TEXT = 'let text = "abcdefgh" let id x = x let code i = Char.code text.[i] '


@pytest.mark.parametrize(
    ("body", "times"),
    [
        ("code i + (2 * code i)", 1),
        ("let a = code i in let b = id a in b + code i", 2),  # calls destroy registers
        ("let a = (if i < 9 then code i else 0) in a + code i", 2),  # where ways meet nothing is known
        ("let a = code i in if i < 9 then a + code i else 0", 1),  # but where they part it is
        ("(if i < 9 then 1 else code i) + (if i < 9 then code i else 2)", 1),  # what other ways have does not count
        ("let a = ref (code i) in for j = 1 to 3 do a := !a + code i done; !a", 4),
    ],
)
def test_what_is_at_hand_is_not_computed_again(body, times):
    source = f"{TEXT} let f i = {body} let () = print_int (f 3)"
    inlined = {site.id for site in parse_program(source, "test").sites if site.callee == 2}
    assert paid(source, "string.get", decisions=lambda path: path[-1] in inlined) == times


def test_stores_make_memory_be_read_again():
    again = "let f a i = let x = a.(i) in {} x + a.(i) let () = print_int (f (Array.make 3 1) 1)"
    assert paid(again.format(""), "array.get") == 1
    assert paid(again.format("a.(0) <- 5;"), "array.get") == 2


def test_fields_that_are_assigned_are_loaded_again():
    again = "type p = { mutable v : int } let f p = let a = p.v in {} a + p.v let r = { v = 1 }"
    stored, plain = (
        paid(f"{again.replace('{}', more)} let () = print_int (1 + f r)", "load") for more in ("p.v <- 5;", "")
    )
    assert stored == plain + 1


def test_conditions_jump_instead_of_computing_a_value():
    inside = "let inside c = c >= 97 && c <= 122 "
    assert (
        paid(inside + "let f c = if inside c then 1 else 0 let () = print_int (f 99)", "boolean", decisions=everywhere)
        == 0
    )
    assert paid(inside + "let f c = if inside c then 1 else 0 let () = print_int (f 99)", "boolean") == 1
    loop_ = "let f n = let i = ref 0 in while !i < n && !i < 5 do i := !i + 1 done; !i let () = print_int (f 9)"
    assert paid(loop_, "boolean") == 0


@pytest.mark.parametrize(
    ("type_", "value", "compares"),
    [
        ("A | B of int", "B 3", 1),  # immediate or not
        ("A of int | B of int", "B 3", 1),  # the tag
        ("A | C | B of int | D of int", "B 3", 2),  # immediate or not, then the tag
        ("A | C", "A", 1),
    ],
)
def test_constructors_are_told_apart_by_what_they_are(type_, value, compares):
    shown = "B _" if "B" in value else "A"
    source = (
        f"type t = {type_} let f t = match t with {shown} -> 1 | _ -> 2 let r = ref ({value}) let () = print_int (f !r)"
    )
    assert paid(source, "compare") == compares


def test_many_constructors_are_looked_up():
    cases = "match t with A x -> x | B _ -> 1 | C _ -> 2 | D _ -> 3"
    source = f"type t = A of int | B of int | C of int | D of int let f t = {cases} let r = ref (C 1)"
    assert paid(f"{source} let () = print_int (f !r)", "table") == 1


def test_functions_of_the_top_level_are_loaded_to_be_passed_but_not_to_be_called():
    source = "let g x = x + 1 let use f = 1 + f 1 let main () = 1 + {} let () = print_int (main ())"
    passed, called = (paid(source.format(call), "load") for call in ("use g", "g 1"))
    assert passed == 2  # its module's address, then the field; the call's own load of the code is in `indirect`
    assert called == 0
    assert paid(source.format("use g"), "load", FLAMBDA) == 0  # a symbol


def test_assigned_references_are_stored_only_if_they_live_through_calls():
    source = "let id x = x let f n = let r = ref 0 in for i = 1 to n do {} done; !r let () = print_int (f 10)"
    assert paid(source.format("r := !r + i"), "spill") == 0
    assert paid(source.format("r := !r + id i"), "spill") >= 3 * 10  # stored and loaded, and the counter


def test_the_program_is_started_once():
    assert paid("let () = print_int 1", "start") == 1


def test_operands_from_memory_need_no_load():
    record = "type v = {{ x : float; y : float }} let f a b = {} let r = ref {{ x = 1.0; y = 2.0 }}"
    one, other = (
        paid(f"{record.format(body)} let () = print_float (f !r !r)", "load") for body in ("a.x", "a.x +. b.y")
    )
    assert one == other


def test_every_assignment_of_a_reference_that_lives_through_a_call_is_stored():
    source = "let id x = x let f n = let r = ref 1 in {} let a = id n in a + !r let () = print_int (1 + f 10)"
    once = paid(source.format("r := n;"), "spill")
    assert paid(source.format("r := n; r := 3;"), "spill") == once + 1


@pytest.mark.parametrize(("taken", "boxes"), [("true", 1), ("false", 0)])
def test_where_a_double_meets_a_box_it_is_put_into_one(taken, boxes):
    source = f"let id x = x let f c x = let y = if c then x *. 2.0 else x in id y let r = ref 1.0 let v = f {taken} !r"
    assert paid(source, "box") == boxes
    none = source.replace(taken, "false")
    words = [CostModel(parse_program(each, "test"), CLOSURE).cost(NOTHING).words for each in (source, none)]
    assert words[0] - words[1] == 2 * boxes
    both = source.replace("else x in id y", "else x *. 3.0 in y +. 1.0")
    assert paid(both, "box") == 1  # the result


@pytest.mark.parametrize(("registers", "operations"), [(5, 0), (4, 1), (3, 2), (2, 3)])
def test_operations_pay_while_more_variables_live_than_there_are_registers(registers, operations):
    """Of (a + b) * (c + d), the sum of the first two lives with all four, that of the others with two and the first."""
    program = parse_program("let f a b c d = (a + b) * (c + d) let () = print_int (1 + f 1 2 3 4)", "test")
    few, dear = (replace(FLAT, registers=registers, pressure=price) for price in (0, MUCH))
    before, after = (CostModel(program, CLOSURE, prices).cost(NOTHING) for prices in (few, dear))
    assert after.time - before.time == operations * MUCH
    assert after.size - before.size == operations * MUCH * STANDARD.instruction_bytes


def test_what_a_loop_uses_lives_to_its_end():
    """`a` is used first in a turn, and must be there in the next: six, with x, its value, i, y and x - y."""
    body = "let x = ref 1 in for i = 1 to 10 do let y = i * a in x := (!x - y) * 3 done; !x"
    program = parse_program(f"let f a b c = {body} let () = print_int (1 + f 1 2 3)", "test")
    times = [
        CostModel(program, CLOSURE, replace(FLAT, registers=registers, pressure=MUCH)).cost(NOTHING).time // MUCH
        for registers in (6, 5)
    ]
    assert times == [0, 10]


@pytest.mark.parametrize("value", ["1", "(-1)"])
def test_each_branch_loads_for_itself_what_had_to_survive_a_call(value):
    source = (
        f"let id x = x let f a c = let b = id c in if b > 0 then a + 1 else a - 1 let () = print_int (1 + f 5 {value})"
    )
    assert paid(source, "spill") == 2  # stored when it is bound, loaded in the branch


def test_doubles_are_loaded_from_records_each_time():
    body = "let n = int_of_float v.x in {} n"
    source = f"type v = {{ x : float; y : float }} let f v = {body} let r = ref {{ x = 1.0; y = 2.0 }}"
    once, twice = (
        paid(f"{source.replace('{}', more)} let () = print_int (1 + f !r)", "load")
        for more in ("", "int_of_float v.x -")
    )
    assert twice == once + 1


def test_a_tail_call_of_the_function_itself_returns_once_in_the_end():
    source = "let rec f n = if n = 0 then 7 else f (n - 1) let () = print_int (1 + f 10)"
    assert paid(source, "leave") == paid(source, "frame") == 2  # f's and the top level's


@pytest.mark.parametrize(("outcomes", "tests"), [(1, 0), (2, 2), (3, 3), (4, 4), (9, 4)])
def test_outcomes_are_told_apart_one_by_one_or_by_a_table(outcomes, tests):
    """A comparison and its branches, or a bound, its branch, a load and a jump; integers lose their tag before that."""
    assert STANDARD.select(outcomes, tagged=False) == tests
    assert STANDARD.select(outcomes, tagged=True) == tests + (outcomes > 3)


@pytest.mark.parametrize(("value", "stores"), [("n + 1", 1), ("[ n ]", 0)])
def test_only_what_may_be_a_pointer_is_stored_by_the_run_time_system(value, stores):
    box = f"type 'a box = {{ mutable it : 'a }} let put b n = b.it <- {value}"
    source = f"{box} let b = {{ it = {value.replace('n', '3')} }} let () = put b 4"
    assert paid(source, "store") == stores
