"""What the front end takes, what it refuses and how it says so, and the call sites that it finds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.envs.ocaml.frontend import OcamlError, parse_program
from gymcc.envs.ocaml.interpreter import run
from gymcc.envs.ocaml.ir import CallKind
from gymcc.envs.ocaml.primitives import Kind
from tests.ocaml.subset_programs import PROGRAMS


def parsed(source):
    return parse_program(source, "test")


REFUSED = [
    ("let x = 1 +", 1, 11, "end of the file"),
    ("let x =\n  @", 2, 2, "expected an expression"),
    ("let x = (1, 2", 1, 13, "expected '\\)'"),
    ("let f x = x # 1", 1, 12, "'#' begins no token"),
    ("(* (* *)", 1, 0, "comment is not closed"),
    ('let x = "abc', 1, 8, "begins no token"),
    ('let x = "\\q"', 1, 8, "escape"),
    ("print_int 1", 1, 0, "'let', 'type' or 'module'"),
    ("let f x = try x with _ -> 1", 1, 10, "no exceptions"),
    ("let f x = assert x", 1, 10, "expression of the subset"),
    ("module F (X : S) = struct end", 1, 9, "functors"),
    ("let x = 4611686018427387904", 1, 8, "range of int"),
    ("let x = 1e999", 1, 8, "finite"),
    ("let x = y", 1, 8, "value y is not defined"),
    ("let x = List.map", 1, 8, "List.map is not defined"),
    ("let x : t = 1", 1, 8, "type t is not defined"),
    ("let x = A", 1, 8, "constructor A is not defined"),
    ("let f x = x.a", 1, 10, "field a is not defined"),
    ("let x = 1 + 2.", 1, 12, "type float, expected type int"),
    ("let x = if 1 then 2 else 3", 1, 11, "type int, expected type bool"),
    ("let x = if true then 2", 1, 21, "type int, expected type unit"),
    ("let f x = x x", 1, 12, "has type"),
    ("let x = 1 2", 1, 11, "an operator; a constant is no function"),
    ("let f g = (g 1) 2", 1, 11, "bind what you apply"),
    ("let x = (fun y -> y) 1", 1, 9, "bind what you apply"),
    ("let f r = !r 1", 1, 10, "bind what you apply"),
    ("let f a = a.(0) 1", 1, 10, "bind what you apply"),
    ("let x = print_int 1 2", 1, 8, "too many arguments|applied"),
    ("let x = fst ((fun y -> y), 1) 2", 1, 8, "fst takes 1 arguments"),
    ("type t = A of int\nlet x = A", 2, 8, "has 1 fields, found 0"),
    ("type t = A of int * int\nlet x = A 1", 2, 8, "has 2 fields, found 1"),
    ("type t = A | A", 1, 13, "stands twice"),
    ("type t = { a : int; a : int }", 1, 20, "stands twice"),
    ("type t = { a : int }\nlet f x = x.a <- 1", 2, 10, "not mutable"),
    ("type t = { a : int; b : int }\nlet x = { a = 1 }", 2, 8, "lacks the field b"),
    ("type t = 'a list", 1, 9, "no parameter"),
    ("type t = int list list array option\nlet x : (int, int) t = 1", 2, 8, "has 0 parameters, found 2"),
    ("let rec x = 1", 1, 12, "functions only"),
    ("let rec (f, g) = fun x -> x", 1, 9, "names only"),
    ("let (Some x) = None", 1, 5, "use 'match'"),
    ("let f 1 = 2", 1, 6, "use 'match'"),
    ("let f x = match x with 1 -> 1 | _ -> 2 | 3 -> 3", 1, 41, "no value gets to this case"),
    ("let f (x, x) = x", 1, 10, "bound twice"),
    ("let f x = match x with (1, y) | (y, z) -> y | _ -> 0", 1, 36, "one side"),
    ("let f x = match x with 1.5 -> 1 | _ -> 2", 1, 27, "no float"),
    ("let x = ref []", 1, 0, "not known at the end"),
    ('let b = "a" == "a"', 1, 12, "compares ints"),
    ("let r = ref 1\nlet x = !r + (r := 2; 3)", 2, 14, "no certain order"),
    ("let f x = print_int x; x\nlet y = compare (f 1) (f 2)", 2, 17, "no certain order"),
    ("type t = { mutable f : int -> int }\nlet g r = r.f (r.f <- (fun x -> x); 1)", 2, 10, "no certain order"),
    ("type t = { mutable a : int }\nlet f { a } b = a + b", 2, 6, "no mutable field"),
    ("let f a b c d e f g h i j k = 1", 1, 4, "at most 10"),
    ("let f ~x = x", 1, 6, "expected"),
    ("let f x = x + 1; x", 1, 10, "type int, expected type unit"),  # OCaml warns only
    ("let x = (1 : string)", 1, 9, "type int, expected type string"),
]


@pytest.mark.parametrize(("source", "line", "column", "words"), REFUSED)
def test_refusals_say_where_and_what(source, line, column, words):
    with pytest.raises(OcamlError, match=words) as caught:
        parsed(source)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert str(caught.value).startswith(f"line {line}, column {column}: ")


_TOKENS = """let rec and in fun function match with when if then else while do done for to downto begin end type of
module struct mutable as mod land lsl true false ( ) [ ] [| |] { } . .( .[ , ; ;; : :: := <- -> = <> < + - * / +. ** @
^ ! && || | _ x f y t A B Some None M 0 1 2.5 'a' "s" 'a 'b (* *) int list ~ # ? print_int ref fst a.b M.x"""
TOKENS = _TOKENS.split()


@given(st.lists(st.sampled_from(TOKENS), max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_words_give_a_program_or_an_error_with_a_place(words):
    _program_or_error(" ".join(words))


@given(st.text(max_size=60))
@settings(max_examples=100, deadline=None)
def test_any_text_gives_a_program_or_an_error_with_a_place(text):
    _program_or_error(text)


@given(st.sampled_from(sorted(PROGRAMS)), st.integers(0, 2_000), st.sampled_from([*TOKENS, ""]), st.integers(0, 3))
@settings(max_examples=150, deadline=None)
def test_damaged_programs_give_a_program_or_an_error_with_a_place(name, place, word, gone):
    words = PROGRAMS[name].split(" ")
    place %= len(words)
    _program_or_error(" ".join([*words[:place], word, *words[place + gone :]]))


def _program_or_error(source, hashed=True):
    error = None
    try:
        program = parsed(source)
    except OcamlError as caught:
        error = caught
    if error is None:
        assert not hashed or hash(program) == hash(parsed(source))
    else:
        assert 1 <= error.line <= source.count("\n") + 1
        assert error.column >= 0


@pytest.mark.parametrize(
    "source",
    [
        "let x = " + "(" * 50_000,
        "let x = " + "(" * 3_000 + "1" + ")" * 3_000,
        "let x = " + "[" * 900 + "]" * 900,
        "let x = " + "1 + " * 3_000 + "1",
        "let x = " + "1 :: " * 3_000 + "[]",
        "let f x = " + "let y = x in " * 3_000 + "y",
        "let f x = " + "print_int x; let y = x in " * 900 + "y",
        "let f x = " + "if x then 1 else " * 900 + "2",
        "let f x = " + "x && " * 900 + "x",
        "let f x = match x with " + " | ".join(f"{n} -> {n}" for n in range(2_000)) + " | _ -> 0",
        "let f x = match x with [" + "; ".join("_" * 300) + "] -> 1 | _ -> 2",
        "type t = " + "int -> " * 2_000 + "int",
    ],
)
def test_long_and_deep_programs_are_taken_or_refused_cleanly(source):
    _program_or_error(source, hashed=False)  # Python hashes nested objects by recursion


def test_arguments_are_numbered_and_known_as_far_as_the_source_says():
    source = """let f x y = x + y
let rec g x = if x = 0 then 0 else g (x - 1)
let app h x = h (f x 1)
let ( >> ) a b = f a b
let () = print_int (1 >> (app (f 1) 2))
let k = let p = f 1 in p 2
let over = let c a = fun b -> a + b in c 1 2
let alias = g
let () = print_int (alias 3)
"""
    sites = parsed(source).sites
    assert [(site.kind.value, site.head.line, site.callee) for site in sites] == [
        ("self", 2, 2),
        ("unknown", 3, None),
        ("direct", 3, 1),
        ("direct", 4, 1),
        ("direct", 5, 4),
        ("direct", 5, 3),
        ("partial", 5, 1),
        ("partial", 6, 1),
        ("unknown", 6, None),
        ("direct", 7, 5),
        ("direct", 9, 2),
    ]
    assert [site.id for site in sites] == list(range(len(sites)))
    assert sites[4].head == (5, 22)
    assert sites[4].start == (5, 19)  # as OCaml, at the bracket around it


def test_over_application_is_told_from_functions_of_several_parameters():
    source = "let c a = let b = a in fun d -> b + d\nlet x = c 1 2\nlet d a = fun b -> a + b\nlet y = d 1 2"
    assert [site.kind for site in parsed(source).sites] == [CallKind.OVER, CallKind.DIRECT]


def test_kinds_follow_types():
    source = 'let f a b c d = (a +. 1., b && true, c ^ "", d)'
    function = parsed(source).main.body.bindings[0].functions[0]
    assert [param.kind for param in function.params] == [Kind.FLOAT, Kind.INT, Kind.BLOCK, Kind.ANY]


def test_closures_say_what_they_capture():
    source = "let g = 1\nlet f x y = let h z = z + x + g in let k z = z * 2 in fun w -> h w + k w + y"
    program = parsed(source)
    f = program.main.body.bindings[0].functions[0]
    x, y = (param.id for param in f.params)
    h, k, w = (binding.functions[0] for binding in f.body.bindings)
    assert f.free == k.free == ()
    assert h.free == (x,)
    assert w.free == tuple(sorted((y, h.variable.id)))


@pytest.mark.parametrize(
    ("expression", "printed"),
    [
        ("1 - 2 - 3", "-4"),
        ("2 * 3 + 4 * -5", "-14"),
        ("- 2 * 3", "-6"),
        ("1 lsl 2 lsl 1", "16"),
        ("7 - 3 mod 2", "6"),
        ("if true then 1 else 2 + 3", "1"),
        ("(if true then 1 else 2) + 3", "4"),
        ("let x = 1 in x + let y = 2 in y * 3", "7"),
        ("match 3 with 1 -> 1 | n -> ignore n; n + 1", "4"),
        ("(fst (1, 2)) + snd (3, 4)", "5"),
        ("(function 0 -> 1 | n -> n) |> fun f -> f 5", "5"),
        ("begin let f x = -x in f 3 - f (-1) end", "-4"),
        ("let a = [| 1; 2 |] in a.(0) <- a.(1) + 1; a.(0)", "3"),
        ("(let r = ref 1 in r := 2 + 3; !r) * 2", "10"),
        ("List_.length [1; 2; 3]", "3"),
        ("0x1F + 0b11 + 0o7 + 1_0", "51"),
        ("Char.code '\\n' + Char.code '\\''", "49"),
        ('String.length "a\\\n   b"', "2"),
    ],
)
def test_precedence_and_literals(expression, printed):
    prelude = (
        "let ( |> ) x f = f x\nmodule List_ = struct let rec length = function [] -> 0 | _ :: t -> 1 + length t end\n"
    )
    assert run(parsed(f"{prelude}let () = print_int ({expression})")).output == printed
