"""Prices against instructions counted in what ocamlopt makes of the same loops: they are no measure of themselves."""

from __future__ import annotations

from statistics import median

import pytest

from gymcc.benchmarks.statistics import geometric_mean
from gymcc.envs.ocaml.actions import Action
from gymcc.envs.ocaml.backends.compiler import Compiler, Program
from gymcc.envs.ocaml.backends.compiler.survey import Survey
from gymcc.envs.ocaml.backends.sim import Simulator
from gymcc.envs.ocaml.cost import STANDARD
from tests.ocaml.compiler_cases import CLOSURE, needs_closure, own_cache  # noqa: F401 - a fixture that is always used

TURNS = 20_000
NOBODY_ASKED = Survey(frozenset(), frozenset(), {})
CLOSE = 1.32  # at most so many times more or fewer
TYPE = """type t = A | B of int | C of int * int | D of t | E
let rec mk i = match i land 3 with 0 -> A | 1 -> B i | 2 -> C (i, 3) | _ -> D E"""
TREE = "type t = L | N of t * int * t let t = N (N (L, 1, L), 3, L)"
LOOPS = {  # definitions, and what is added up in each turn
    "calls": ("let f a b = a + (b * 3)", "f i 2"),
    "records": ("type p = { x : int; y : int } let x p = p.x let y p = p.y let p = { x = 1; y = 2 }", "x p + y p + i"),
    "floats": ("let half x = x *. 0.5 let plus a b = a +. b", "int_of_float (plus (half (float_of_int i)) 1.0)"),
    "float records": (
        "type v = { x : float; y : float } let dot a b = (a.x *. b.x) +. (a.y *. b.y) let v = ref { x = 1.0; y = 2.0 }",
        "int_of_float (dot !v !v) + i",
    ),
    "constructors": (
        f"{TYPE} let n t = match t with A -> 1 | E -> 2 | B k -> k | C (k, _) -> k | D _ -> 5",
        "n (mk i)",
    ),
    "fields used now and then": (
        f"{TREE} let rec f t k = match t with L -> 0 | N (l, x, r) -> if k land 1 = 0 then x else f l (k lsr 1)",
        "f t i",
    ),
    "closures": ("let add k = fun x -> x + k let use f x = f x", "use (add i) 2"),
    "two arguments": (
        "let use f x = f x 3 let times a b = a * b",
        "use (if i land 1 = 0 then times else fun a b -> a - b) i",
    ),
    "comparison of anything": ("let less a b = a < b", "if less i 700 then 1 else 0"),
    "pointers stored": ("let r = ref [] let set l = r := l", "(set (if i land 1 = 0 then [] else [ 1 ]); 1)"),
    "arrays": (
        "let a = Array.make 64 1 let get i = a.(i land 63) let set i v = a.(i land 63) <- v",
        "(set i i; get (i + 1))",
    ),
    "recursion": ("let rec sum n = if n = 0 then 0 else n + sum (n - 1)", "sum (i land 15)"),
    "tail calls": ("let rec down n a = if n = 0 then a else down (n - 1) (a + n)", "down (i land 15) 0"),
    "conditions": ("let inside c = c >= 97 && c <= 122", "if inside (i land 127) then 1 else 0"),
    "the same again": ('let t = "abcdefgh" let code i = Char.code t.[i land 7]', "code i + (code i * 2)"),
}


def source(definitions: str, turn: str) -> str:
    loop = f"for i = 1 to {TURNS} do s := (!s + {turn}) land 0xFFFFFF done"
    return f"{definitions}\nlet () = let s = ref 0 in {loop}; print_int !s; print_newline ()\n"


@pytest.fixture(scope="module")
def nothing() -> float:
    """What a program takes that does nothing."""
    return Compiler(Program((("empty.ml", b"let () = print_newline ()\n"),)), toolchain=CLOSURE).baseline.cost


@needs_closure
def test_starting_a_program_takes_what_an_empty_one_takes(nothing):
    assert Simulator("let () = print_newline ()", "empty").baseline.cost == pytest.approx(nothing, rel=0.15)


@pytest.fixture(scope="module")
def ratios(nothing) -> dict[tuple[str, str], float]:
    """By loop and what is decided on all its calls: simulated over counted instructions of a turn."""
    found = {}
    for name, parts in LOOPS.items():
        text = source(*parts)
        simulator = Simulator(text, "loop")
        with pytest.MonkeyPatch.context() as patch:  # all is decided here: what the compiler would do is of no interest
            patch.setattr("gymcc.envs.ocaml.backends.compiler.compiler.survey", lambda *_: NOBODY_ASKED)
            compiler = Compiler(Program((("loop.ml", text.encode()),)), toolchain=CLOSURE)
        decided = [(site.id,) for site in simulator.sites if len(simulator.legal((site.id,))) > 1]
        for action in (Action.NEVER, Action.INLINE):
            vector = dict.fromkeys(decided, action)
            ours, counted = simulator.cost(vector).cost - STANDARD.start, compiler.cost(vector).cost - nothing
            found[name, action.name] = ours / counted
    return found


@needs_closure
@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_takes_about_what_its_instructions_are(name, ratios):
    for action in ("NEVER", "INLINE"):
        assert 1 / CLOSE < ratios[name, action] < CLOSE


@needs_closure
def test_there_is_no_bias(ratios):
    assert 0.95 < geometric_mean(list(ratios.values())) < 1.05
    assert median(abs(ratio - 1) for ratio in ratios.values()) < 0.08
