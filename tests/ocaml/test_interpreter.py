"""How programs end: by their end, by their own failure, or by the limits they are given; and what is counted."""

from __future__ import annotations

import sys

import pytest

from gymcc.envs.ocaml.frontend import parse_program
from gymcc.envs.ocaml.interpreter import (
    Context,
    DivisionByZero,
    Failure,
    IndexOutOfBounds,
    InvalidArgument,
    MatchFailure,
    OutOfFuel,
    ProgramError,
    StackOverflow,
    TooManyContexts,
    UnspecifiedShift,
    compile_program,
    run,
)
from gymcc.envs.ocaml.ir import CallKind


def parsed(source):
    return parse_program(source, "test")


def output(source, **limits):
    return run(parsed(source), **limits).output


@pytest.mark.parametrize(
    ("error", "expression", "column"),
    [
        (IndexOutOfBounds, "print_int a.(n)", 16),
        (IndexOutOfBounds, "print_int a.(n - 4)", 16),
        (IndexOutOfBounds, "a.(n) <- 1", 6),
        (IndexOutOfBounds, 'print_char "abc".[n]', 17),
        (DivisionByZero, "print_int (1 / (n - 3))", 19),
        (DivisionByZero, "print_int (1 mod (n - 3))", 19),
        (MatchFailure, "match n with 1 -> () | 2 -> ()", 6),
        (MatchFailure, "match [n] with [] -> () | [x] when x > 5 -> ()", 6),
        (Failure, 'failwith "no"', 6),
        (InvalidArgument, 'invalid_arg "no"', 6),
        (InvalidArgument, "ignore ((fun x -> x) = (fun x -> x + n))", 27),
        (InvalidArgument, "print_char (Char.chr (n * 100))", 18),
        (InvalidArgument, "ignore (Array.make (-n) 0)", 14),
        (UnspecifiedShift, "print_int (1 lsl (n + 60))", 19),
    ],
)
def test_failures_name_the_place_and_keep_what_was_printed(error, expression, column):
    prelude = 'let a = [| 1; 2; 3 |]\nlet n = 3\nlet () = print_string "before"\n'
    source = f"{prelude}let f () =\n      {expression}\nlet () = f ()"
    with pytest.raises(error, match=r"^line 5, column") as caught:
        run(parsed(source))
    assert (caught.value.at.line, caught.value.at.column) == (5, column)
    assert caught.value.output == "before"


@pytest.mark.parametrize(
    "loop", ["while true do () done", "let rec f n = f (n + 1) in f 0", "let rec f n = g n and g n = f n in f 0"]
)
def test_endless_programs_run_out_of_fuel(loop):
    with pytest.raises(OutOfFuel, match="5000"):
        run(parsed(f"let () = {loop}"), fuel=5_000)


def test_fuel_is_enough_or_not_exactly():
    program = compile_program(parsed("let () = for i = 1 to 100 do () done"))
    program.run(fuel=100)
    with pytest.raises(OutOfFuel):
        program.run(fuel=99)


def test_deep_recursion_works_and_deeper_recursion_says_so():
    source = "let rec f n = if n = 0 then 0 else 1 + f (n - 1)\nlet () = print_int (f {})"
    before = sys.getrecursionlimit()
    assert output(source.format(150_000)) == "150000"
    with pytest.raises(StackOverflow, match="200000 calls inside each other"):
        output(source.format(1_000_000))
    assert sys.getrecursionlimit() == before


@pytest.mark.parametrize(
    "source",
    [
        "let rec f n = if n = 0 then 0 else f (n - 1)\nlet () = print_int (f 200000)",
        "let rec f n = if n = 0 then 0 else g (n - 1) and g n = f n\nlet () = print_int (f 100000)",
        "let rec f n k = if n = 0 then k 0 else f (n - 1) (fun x -> k x)\nlet () = print_int (f 100000 (fun x -> x))",
        "let rec f n = n = 0 || (n > 0 && f (n - 1))\nlet () = if f 100000 then print_int 0",
        "let app f x = f x\nlet rec f n = if n = 0 then 0 else app f (n - 1)\nlet () = print_int (f 50000)",
        "let rec f n = if n = 0 then fun x -> x else fun x -> f (n - 1) x\nlet () = print_int (f 50000 0)",
        "let rec f a n = if n = 0 then a else let g = f a in g (n - 1)\nlet () = print_int (f 0 50000)",
    ],
)
def test_tail_calls_take_no_stack(source):
    assert output(source, frames=2_000) == "0"


def test_lists_are_compared_without_stack():
    source = """
    let rec make n l = if n = 0 then l else make (n - 1) (n :: l)
    let () = if make 50000 [] = make 50000 [] && compare (make 50000 []) (make 50000 [1]) < 0 then print_int 1
    """
    assert output(source, frames=2_000) == "1"


def test_blocks_nested_deeper_than_python_can_nest():
    depth = 150
    source = "let f x y = " + "".join(f"if x > {n} then (let y = y + x in " for n in range(depth)) + "y"
    source += "".join(f") else y - {n}" for n in range(depth)) + "\nlet () = print_int (f 1000 1 + f 50 1)"
    assert output(source) == str(1 + 150 * 1000 + (1 + 50 * 50) - (depth - 1 - 50))
    loops = "".join(f"for i{n} = 1 to 1 + x do " for n in range(25)) + "incr r" + " done" * 25
    assert output(f"let f x = let r = ref 0 in {loops}; !r\nlet () = print_int (f 0)") == "1"


def test_a_deep_loop_of_tail_calls_goes_on_from_code_written_apart():
    depth = 60
    source = (
        "let rec f n x = "
        + "".join(f"if x <> {-1 - k} then " for k in range(depth))
        + "(if n = 0 then x else f (n - 1) (x + 1))"
    )
    source += "".join(f" else {k}" for k in range(depth)) + "\nlet () = print_int (f 10000 0)"
    assert output(source, frames=1_000) == "10000"


# Counts


NESTED = """
let g x = if x > 1 then x + 1 else x
let f x = g x + g (x + 1)
let () = for i = 0 to 2 do print_int (f i) done; print_int (g 5)
"""


def test_blocks_are_counted_by_calling_context():
    program = parsed(NESTED)
    profile = run(program).profile
    by_name = {"g": 1, "f": 2}
    first, second, call_f, call_g = range(4)
    body = _bodies(program)
    main_f = Context(0, ((call_f, by_name["f"]),))
    assert profile.count(main_f, body["f"]) == 3
    assert profile.count(Context(0, ((call_g, 1),)), body["g"]) == 1
    assert profile.count(Context(0, ((call_f, 2), (first, 1))), body["g"]) == 3
    assert profile.count(Context(2, ((second, 1),)), body["g"]) == 3
    assert profile.count(Context(1), body["g"]) == profile.total(body["g"]) == 7
    assert profile.count(Context(1, ((call_f, 2),)), body["f"]) == 0


def _bodies(program):
    return {f.name: f.body.id for binding in program.main.body.bindings for f in getattr(binding, "functions", ())}


def test_cases_and_arms_are_counted():
    source = "let f x = if x > 0 && x < 3 then x * x else -x\nlet () = for i = -2 to 5 do print_int (f i) done"
    program = parsed(source)
    profile = run(program).profile
    match = program.main.body.bindings[0].functions[0].body.bindings[-1].operation
    yes, no = match.tree.cases
    inner_yes, inner_no = yes.then.then.cases
    assert [profile.total(each.id) for each in (yes, no, inner_yes, inner_no)] == [5, 3, 2, 3]
    assert [profile.total(arm.body.id) for arm in match.arms] == [2, 6]


def test_a_loop_s_condition_runs_once_more_than_its_body():
    program = parsed("let f n = let i = ref 0 in while !i < n do incr i done\nlet () = f 3; f 0; f 4")
    profile = run(program).profile
    loop = program.main.body.bindings[0].functions[0].body.bindings[-1].operation
    assert profile.total(loop.body.id) == 7
    assert profile.total(loop.condition.id) == 10


def test_recursive_activations_count_for_the_function_itself():
    source = "let rec f n = if n = 0 then 0 else f (n - 1) + f (n - 1)\nlet () = print_int (f 3)"
    program = parsed(source)
    profile = run(program).profile
    body = _bodies(program)["f"]
    outer = next(site.id for site in program.sites if site.kind is CallKind.DIRECT)
    assert profile.count(Context(0, ((outer, 1),)), body) == 1
    assert profile.exact[Context(1)][body] == 14
    assert profile.count(Context(1), body) == 15
    once = run(program, repeats=2).profile
    assert once.count(Context(0, ((outer, 1), (0, 1))), body) == once.count(Context(0, ((outer, 1), (1, 1))), body) == 1
    assert once.count(Context(1, ((0, 1),)), body) == 7


def test_values_that_are_called_count_by_what_they_are():
    source = """
    let twice f x = f (f x)
    let pi n = print_int n
    let () = pi (twice (fun x -> x + 1) 0); pi (twice (fun x -> x * 2) 1); pi (twice (fun x -> x + 1) 5)
    """
    program = parsed(source)
    profile = run(program).profile
    calls = {
        context.steps[-1]: sum(counts.values()) for context, counts in profile.exact.items() if len(context.steps) == 2
    }
    assert calls == {(site, function): 1 for function in (3, 4, 5) for site in (0, 1)}


def test_contexts_are_no_longer_than_asked_and_not_more_than_allowed():
    program = compile_program(parsed(NESTED))
    assert max(len(context.steps) for context in program.run(depth=1).profile.exact) == 1
    totals = [program.run(depth=depth).profile.total(1) for depth in (1, 2, 8)]
    assert len(set(totals)) == 1
    with pytest.raises(TooManyContexts, match="more than 2"):
        program.run(contexts=2)


def test_a_program_that_fails_can_be_run_again():
    program = compile_program(parsed("let () = print_int 1; while true do () done"))
    for _ in range(2):
        with pytest.raises(ProgramError) as caught:
            program.run(fuel=10)
        assert caught.value.output == "1"
