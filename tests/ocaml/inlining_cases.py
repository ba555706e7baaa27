"""Programs in which inlining has something to do, and oracles for what it makes of them."""

from __future__ import annotations

from dataclasses import replace
from functools import singledispatchmethod
from random import Random

from gymcc.envs.ocaml.cost.charges import RETURNS
from gymcc.envs.ocaml.cost.pricing import Pricer
from gymcc.envs.ocaml.frontend import parse_program
from gymcc.envs.ocaml.inliner import Paths, Session
from gymcc.envs.ocaml.interpreter import run
from gymcc.envs.ocaml.ir import (
    Block,
    Case,
    Evaluate,
    For,
    Function,
    Let,
    LetFunctions,
    Match,
    Path,
    Program,
    Test,
    While,
)

PROGRAMS = {
    "accessors": r"""
type point = { x : int; y : int }
let make x y = { x; y }
let get_x p = p.x
let get_y p = p.y
let add p q = make (get_x p + get_x q) (get_y p + get_y q)
let scale k p = make (k * get_x p) (k * get_y p)
let dot p q = get_x p * get_x q + get_y p * get_y q
let () =
  let sum = ref (make 0 0) in
  for i = 1 to 20 do
    let p = make i (i * i) in
    if dot p p land 1 = 0 then sum := add !sum (scale 2 p) else sum := add p !sum
  done;
  print_int (get_x !sum); print_char ' '; print_int (get_y !sum); print_newline ()
""",
    "pipeline": r"""
let compose f g = fun x -> f (g x)
let add k x = k + x
let twice f = compose f f
let rec map f l = match l with [] -> [] | x :: t -> let y = f x in y :: map f t
let rec fold f a l = match l with [] -> a | x :: t -> fold f (f a x) t
let rec range a b = if a >= b then [] else a :: range (a + 1) b
let step = compose (twice (add 3)) (fun x -> x * 2)
let apply f x = f x
let () =
  let total = fold (fun a x -> a + x) 0 (map step (range 0 15)) in
  let offset = apply (fun z -> z - 1) total in
  print_int (apply (fun x -> apply (fun y -> x * y + offset) 7) 3); print_newline ()
""",
    "functor": r"""
type order = { compare : int -> int -> int; name : string }
type 'a tree = Leaf | Node of 'a tree * 'a * 'a tree
type set = { insert : int -> int tree -> int tree; mem : int -> int tree -> bool }
let make order =
  let rec insert x t = match t with
    | Leaf -> Node (Leaf, x, Leaf)
    | Node (l, y, r) ->
      let c = order.compare x y in
      if c = 0 then t else if c < 0 then Node (insert x l, y, r) else Node (l, y, insert x r) in
  let rec mem x t = match t with
    | Leaf -> false
    | Node (l, y, r) -> let c = order.compare x y in if c = 0 then true else mem x (if c < 0 then l else r) in
  { insert; mem }
let up = make { compare = (fun a b -> a - b); name = "up" }
let down = make { compare = (fun a b -> b - a); name = "down" }
let rec size t = match t with Leaf -> 0 | Node (l, _, r) -> size l + 1 + size r
let rec fill set n t = if n = 0 then t else fill set (n - 1) (set.insert (n * 37 mod 101) t)
let count set t = let c = ref 0 in for i = 0 to 30 do if set.mem i t then incr c done; !c
let () =
  let a = fill up 25 Leaf and b = fill down 20 Leaf in
  print_int (size a); print_char ' '; print_int (count up a + count down b); print_char ' ';
  print_int (count (make { compare = compare; name = "any" }) a); print_newline ()
""",
    "lens": r"""
type ('a, 'b) lens = { get : 'a -> 'b; set : 'b -> 'a -> 'a }
let compose outer inner =
  { get = (fun a -> inner.get (outer.get a)); set = (fun c a -> outer.set (inner.set c (outer.get a)) a) }
let modify l f a = l.set (f (l.get a)) a
let first = { get = (fun (a, _) -> a); set = (fun a (_, b) -> (a, b)) }
let second = { get = (fun (_, b) -> b); set = (fun b (a, _) -> (a, b)) }
let inner = compose first second
let deep = compose inner first
let rec loop n v = if n = 0 then v else loop (n - 1) (modify deep (fun x -> x + n) v)
let () =
  let ((_, (r, _)), _) = loop 12 ((1, (2, 3)), 4) in
  let swap = modify (compose second first) (fun x -> x * 2) (5, (6, 7)) in
  print_int (r + fst (snd swap)); print_newline ()
""",
    "floats": r"""
let add x y = x +. y
let square x = x *. x
let norm x y = sqrt (add (square x) (square y))
let mean a = let s = ref 0.0 in
  for i = 0 to Array.length a - 1 do s := add !s a.(i) done; !s /. float_of_int (Array.length a)
let clamp lo hi x = if x < lo then lo else if x > hi then hi else x
let rec newton f df x n = if n = 0 then x else newton f df (x -. f x /. df x) (n - 1)
let () =
  let a = Array.make 10 0.5 in
  for i = 0 to 9 do a.(i) <- norm a.(i) (clamp 0.0 4.0 (float_of_int i)) done;
  print_float (mean a); print_char ' ';
  print_float (newton (fun x -> square x -. 2.0) (fun x -> 2.0 *. x) 1.0 5); print_newline ()
""",
    "branches": r"""
type expr = Num of int | Add of expr * expr | Mul of expr * expr | Neg of expr
type mode = Fast | Slow | Off
let is_zero e = match e with Num 0 -> true | _ -> false
let add a b = if is_zero a then b else if is_zero b then a else Add (a, b)
let mul a b = match a, b with Num 0, _ | _, Num 0 -> Num 0 | Num 1, e | e, Num 1 -> e | _ -> Mul (a, b)
let rec simplify e = match e with
  | Num _ -> e
  | Add (a, b) -> add (simplify a) (simplify b)
  | Mul (a, b) -> mul (simplify a) (simplify b)
  | Neg e -> (match simplify e with Num n -> Num (- n) | Neg e -> e | e -> Neg e)
let rec eval e = match e with
  | Num n -> n | Add (a, b) -> eval a + eval b | Mul (a, b) -> eval a * eval b | Neg e -> - (eval e)
let cost mode n = match mode with Fast when n > 3 -> n | Fast | Slow -> n * 10 | Off -> 0
let guard p q n = if p n && not (q n) then 1 else 0
let even n = n land 1 = 0
let small n = n < 4
let rec build n =
  if n = 0 then Num 1 else if even n then Add (build (n - 1), mul (Num 0) (Num n)) else Neg (build (n - 1))
let () =
  let e = build 9 in
  print_int (eval e + eval (simplify (Mul (e, Add (Num 0, Num 2))))); print_char ' ';
  let t = ref 0 in
  for i = 0 to 9 do t := !t + cost Fast i + cost Slow i + cost Off i + guard even small i done;
  print_int !t; print_newline ()
""",
    "partial": r"""
let sum3 a b c = a + 10 * b + 100 * c
let flip f x y = f y x
let curry f = fun a b -> f (a, b)
let counter start = let n = ref start in fun step -> n := !n + step; !n
let const k = fun _ -> k
let pick b = if b then sum3 1 else flip sum3 2
let () =
  let s1 = sum3 1 in
  let s12 = s1 2 in
  let tick = counter 5 in
  let pairs = curry (fun (a, b) -> a - b) in
  let over = const (fun x -> x + 1) 0 41 in
  print_int (s12 3 + s1 4 5 + pairs 9 4 + over); print_char ' ';
  print_int (tick 1 + tick 2); print_char ' ';
  print_int (pick true 2 3 + pick false 4 5); print_newline ()
""",
    "mutual": r"""
let rec even n = if n = 0 then true else odd (n - 1)
and odd n = if n = 0 then false else even (n - 1)
let rec sum_cps l k = match l with [] -> k 0 | x :: t -> sum_cps t (fun s -> k (s + x))
let rec fact n = if n <= 1 then 1 else n * fact (n - 1)
let id x = x
let power base n =
  let rec go acc k = if k = 0 then acc else if even k then go acc (k - 1) * 1 else go (acc * base) (k - 1) in
  go 1 n
let nested n = let rec f k = let g j = if j = 0 then k else f (j - 1) in if k = 0 then 0 else g (k - 1) + 1 in f n
let () =
  print_int (if even 11 then 1 else if odd 7 then 2 else 3); print_int (sum_cps [1; 2; 3; 4] id);
  print_int (fact 6 + id (fact 3)); print_char ' '; print_int (power 3 5 + power 2 4); print_int (nested 6);
  print_newline ()
""",
    "effects": r"""
let say s v = print_string s; v
let trace f x = print_char '<'; let r = f x in print_char '>'; r
let log = ref 0
let bump k = log := !log + k; !log
let both a b = a + b
let lazy_or p q = p () || q ()
let cell = { contents = 3 }
let swap r v = let old = !r in r := v; old
let () =
  print_int (both (say "a" 1) (say "b" 2)); print_int (trace (fun x -> trace (fun y -> bump (x + y)) 2) 3);
  print_int (bump 1 - bump 2); print_int (if lazy_or (fun () -> say "p" false) (fun () -> say "q" true) then 1 else 0);
  print_int (swap cell 9 + !cell); print_int (swap cell 2 * !cell);
  let i = ref 0 in
  while bump !i < 60 do i := !i + swap (ref 2) 1 done;
  print_int !i; print_newline ()
""",
}


_PRELUDE = """
type pair = { left : int; right : int }
let acc = ref 0
let tick n = acc := (!acc * 31 + n) land 65535; n
let apply f x = f x
let twice f x = f (f x)
let compose f g = fun x -> f (g x)
let pair a b = { left = a; right = b }
let choose c f g = if c then f else g
let rec times n f x = if n <= 0 then x else times (n - 1) f (f x)
"""


class _Writer:
    """Writes random programs; every expression is of type int and has effects now and then."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.functions: list[str] = []
        self.names = 0

    def fresh(self) -> str:
        self.names += 1
        return f"v{self.names}"

    def function(self, depth: int, names: tuple[str, ...]) -> str:
        name = self.fresh()
        kind = self.random.randrange(5)
        if kind == 0 and self.functions:
            return f"({self.random.choice(self.functions)} {self.expression(depth - 1, names)})"
        if kind == 1 and depth > 0:
            return f"(compose {self.function(depth - 1, names)} {self.function(depth - 1, names)})"
        if kind == 2 and depth > 0:
            test = self.expression(0, names)
            return f"(choose ({test} > 3) {self.function(depth - 1, names)} {self.function(depth - 1, names)})"
        return f"(fun {name} -> {self.expression(depth - 1, (*names, name))})"

    def expression(self, depth: int, names: tuple[str, ...]) -> str:
        if depth <= 0:
            return f"({self.random.randrange(-3, 9)})" if self.random.random() < 0.4 else self.random.choice(names)
        one, two = (lambda: self.expression(depth - 1, names)), self.fresh()
        inner = lambda: self.expression(depth - 1, (*names, two))  # noqa: E731 - written where it is used
        return self.random.choice((
            lambda: f"({one()} + {one()})",
            lambda: f"({one()} * {one()} land 1023)",
            lambda: f"(tick ({one()}))",
            lambda: f"(let {two} = {one()} in {inner()})",
            lambda: f"(if {one()} < {one()} then {one()} else {one()})",
            lambda: f"(apply {self.function(depth, names)} {one()})",
            lambda: f"(twice {self.function(depth, names)} {one()})",
            lambda: f"(times 3 {self.function(depth, names)} {one()})",
            lambda: f"(match {one()} with 0 -> {one()} | {two} when {two} > 5 -> {inner()} | _ -> {one()})",
            lambda: f"(let {two} = pair {one()} {one()} in {two}.left - {two}.right)",
            lambda: f"(let {two} = ref {one()} in {two} := !{two} + 1; !{two})",
            lambda: f"({self.random.choice(self.functions)} {one()} {one()})" if self.functions else one(),
        ))()  # fmt: skip


def random_source(seed: int) -> str:
    """A random program that prints what its functions return and a trace of its effects."""
    writer, lines = _Writer(seed), [_PRELUDE]
    for index in range(4):
        lines.append(f"let f{index} a b = {writer.expression(3, ('a', 'b'))}")
        writer.functions.append(f"f{index}")
    calls = "; ".join(f"print_int ({writer.expression(2, ('i',))}); print_char ' '" for _ in range(3))
    return "\n".join([*lines, f"let () = for i = 0 to 3 do {calls} done; print_int !acc; print_newline ()", ""])


def program(name: str) -> Program:
    """One of the programs, parsed."""
    return parse_program(PROGRAMS[name], name)


def random_paths(session: Session, seed: int, steps: int = 40) -> Paths:
    """Random paths that can be inlined at, found from the outside inwards; some are left without their outer ones."""
    random = Random(seed)
    share, chosen = random.random(), set[Path]()
    for _ in range(steps):
        openings = [each.path for each in session.residual(Paths(frozenset(chosen))).openings if not each.closed]
        new = {path for path in openings if random.random() < share} | chosen
        if new == chosen:
            break
        chosen = new
        share *= 0.8
    return Paths(frozenset(path for path in chosen if random.random() < 0.95))


def counted(residual: Program, pricer: Pricer) -> tuple[int, int]:
    """Instructions and words of a residual program by pricing it whole and counting the blocks that run in it."""
    numbering = _Numbering()
    numbered = replace(residual, main=numbering.visit(residual.main))
    numbered = replace(numbered, blocks=len(numbering.table))
    profile = run(numbered, depth=0).profile
    top = residual.main.body.bindings
    own = tuple(each for each in top if not isinstance(each, LetFunctions))
    time = words = 0
    pricer.top(replace(residual.main, body=replace(residual.main.body, bindings=own)), residual.globals)
    for each in top:
        if isinstance(each, LetFunctions):
            pricer.functions(each)
    for number, (path, block) in enumerate(numbering.table):
        charge = pricer.charges.by_path[path][block]
        time += profile.total(number) * charge[0]
        words += profile.total(number) * charge[1]
    once = pricer.prices.start + pricer.charges.total(RETURNS) * pricer.prices.descriptor
    return time + once, words


class _Numbering:
    """Gives every block and case of a residual program a number of its own; ``table`` says which one it was."""

    def __init__(self) -> None:
        self.table: list[tuple[Path, int]] = []

    def _number(self, path: Path, block: int) -> int:
        self.table.append((path, block))
        return len(self.table) - 1

    @singledispatchmethod
    def visit(self, node):
        """The node with blocks and cases numbered."""
        return node

    @visit.register
    def _(self, node: Function):
        return replace(node, body=self.visit(node.body))

    @visit.register
    def _(self, node: Block):
        number = self._number(node.path, node.id)
        return replace(node, id=number, bindings=tuple(map(self.visit, node.bindings)))

    @visit.register
    def _(self, node: LetFunctions):
        return replace(node, functions=tuple(map(self.visit, node.functions)))

    @visit.register
    def _(self, node: Let):
        return replace(node, operation=self.visit(node.operation))

    @visit.register
    def _(self, node: Match):
        arms = tuple(replace(arm, body=self.visit(arm.body)) for arm in node.arms)
        return replace(node, tree=self.visit(node.tree), arms=arms)

    @visit.register
    def _(self, node: While):
        return replace(node, condition=self.visit(node.condition), body=self.visit(node.body))

    @visit.register
    def _(self, node: For):
        return replace(node, body=self.visit(node.body))

    @visit.register
    def _(self, node: Evaluate):
        return replace(node, bindings=tuple(map(self.visit, node.bindings)), then=self.visit(node.then))

    @visit.register
    def _(self, node: Test):
        return replace(node, cases=tuple(map(self.visit, node.cases)), default=self.visit(node.default))

    @visit.register
    def _(self, node: Case):
        return replace(node, id=self._number(node.path, node.id), then=self.visit(node.then))
