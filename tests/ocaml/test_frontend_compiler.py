"""The front end agrees with ocamlopt on which programs have a type, and with its typed tree on where the calls are."""

from __future__ import annotations

import pytest

from gymcc.envs.core.problem import BackendError
from gymcc.envs.ocaml.backends.compiler import Compiler, detect
from gymcc.envs.ocaml.frontend import OcamlError, parse_program
from tests.ocaml.native import compiles, needs_ocamlopt
from tests.ocaml.subset_programs import PROGRAMS

TYPED = [
    "let id x = x let a = id 1 and b = id true",
    "let f g = (g 1, g true)",
    "let f x = let g y = (x, y) in (g 1, g true)",
    "let f x = let r = ref x in r := x; !r let a = f 1 let b = f true",
    "let r = ref (fun x -> x) let a = !r 1",
    "let pair = ((fun x -> x), 1) let a = fst pair let b = let f = a in (f 1, f true)",
    "let pair = ref [] let () = pair := [1]",
    "let f = let n = 1 in fun x -> (x, n) let a = f 1 let b = f true",
    "let g = (fun x y -> x) 1",
    "let k x y = x let g = k 1 let a = g 2 let b = g true",
    "let k x y = x let g = k 1 let a = g 2 let b = g 3",
    "type 'a t = { v : 'a; n : int } let f r = r.v let a = f { v = 1; n = 1 } let b = f { v = true; n = 1 }",
    "type 'a t = { v : 'a } let f r = { r with v = 1 } let a = f { v = true }",
    "type 'a t = { v : 'a; w : 'a } let f r = { r with v = 1 } let a = f { v = true; w = true }",
    "type t = A of int | B let f = function A n -> n | B -> true",
    "type t = A | B type u = A | C let f (x : t) = match x with A -> 1 | B -> 2",
    "type t = A | B type u = A | C let f x = match x with A -> 1 | B -> 2",
    "type t = { x : int } type u = { x : bool } let f (r : t) = r.x + 1",
    "type t = { x : int } type u = { x : bool } let f r = r.x + 1",
    "type t = { x : int; y : int } type u = { x : bool } let f r = r.y + r.x",
    "module M = struct type t = A of int let f (A n) = n end let a = M.f (M.A 1)",
    "module M = struct let x = 1 end let a = x",
    "module M = struct let x = 1 module N = struct let y = x end end let a = M.N.y + M.x",
    "type a = B of b and b = C of a | D let f (B b) = b let x = f (B D)",
    "type 'a l = N | C of 'a * 'a l let rec len = function N -> 0 | C (_, t) -> 1 + len t let a = len (C (true, N))",
    "let rec f x = f 1 and g y = f true",
    "let f (x : 'a) (y : 'a) = x let a = f 1 true",
    "let f (x : 'a) : 'a list = [x]",
    "let rec f x = x :: f x",
    "let f x = x :: x",
    "let f x = let g y = if true then x else y in (g 1, g true)",
    "let f x = let g = fun y -> x y in (g 1, g 2)",
    "let f x = if x = [] then 1 else x",
    "let f x y = x = y let a = f 1 true",
    "let a = [| 1; true |]",
    "let a = (1, 2, 3) let (x, y) = a",
    "let f x = for i = 0 to x do ignore i done",
    "let f x = while x do () done; x",
    "let f x = match x with (1, y) | (y, 2) -> y | _ -> 3",
    "let f x = match x with Some (a, _) | None -> 1",
    "let f x = (x; 1) let a = f ()",
    "let a = let x = 1 and y = x in y",
    "type t = int list type u = t * t let f (x : u) = fst x let a : int list = f ([], [])",
    "let f x = x.contents let a = f (ref 1)",
    "let f = function 0 -> 'a' | _ -> \"b\"",
    'let ( + ) a b = a ^ b let x = "a" + "b"',
    "let a = 1 let a = a = 2 let b = a && true",
]


@needs_ocamlopt
@pytest.mark.parametrize("source", TYPED)
def test_programs_have_a_type_if_ocamlopt_finds_one(source, tmp_path):
    taken, message = compiles(source, tmp_path)
    refusal = ""
    try:
        parse_program(source, "test")
    except OcamlError as error:
        refusal = str(error)
    restricted = any(words in refusal for words in ("use 'match'", "bind what you apply", "which always fit"))
    assert taken != bool(refusal) or restricted, refusal or message


@needs_ocamlopt
@pytest.mark.parametrize("name", PROGRAMS)
def test_call_sites_are_those_of_the_compiler_s_typed_tree(name, tmp_path):
    (tmp_path / f"{name}.ml").write_text(PROGRAMS[name])
    try:
        compiler = Compiler(tmp_path / f"{name}.ml", toolchain=detect("closure"))
    except BackendError as error:
        pytest.skip(str(error))
    theirs = [(each.head_line, each.head_column, each.kind, each.arguments) for each in compiler.sites]
    ours = parse_program(PROGRAMS[name], name).sites
    assert [(each.head.line, each.head.column, each.kind.value, each.arguments) for each in ours] == theirs
