"""The kinds of functions that random programs are made of; each writes one definition or a few."""

from __future__ import annotations

from collections.abc import Callable

from gymcc.envs.ocaml.generator.expressions import Expressions
from gymcc.envs.ocaml.generator.world import MAX_LEVEL, Callee, World


def small(world: World) -> None:
    """A short function of integers that calls nothing."""
    params = {f"x{at}": "int" for at in range(world.random.randint(1, 3))}
    _define(world, "small", params, "int", Expressions(world, 0), 1)


def integers(world: World) -> None:
    """A function of integers that calls others."""
    params = {f"x{at}": "int" for at in range(world.random.randint(1, 4))}
    _define(world, "calc", params, "int", Expressions(world, world.random.randint(1, 4)), world.random.randint(1, 3))


def floats(world: World) -> None:
    """A function of doubles, which are boxed on their way in and out unless it is inlined."""
    params = {f"a{at}": "float" for at in range(world.random.randint(1, 3))}
    calls = world.random.randint(0, 3)
    _define(world, "mix", params, "float", Expressions(world, calls), world.random.randint(1, 2))


def cold(world: World) -> None:
    """A large function that a small one calls in a branch that is hardly ever taken: inlining it gains nothing."""
    big, expressions = world.fresh("large"), Expressions(world, 2, 2)
    scope, lines = {"x": "int", "y": "int"}, []
    for at in range(world.random.randint(6, 12)):
        lines.append(f"  let t{at} = {expressions.of('int', scope, 2)} in")
        scope[f"t{at}"] = "int"
    result = " + ".join(name for name in scope if name.startswith("t"))
    callee = Callee(big, ("int", "int"), "int", expressions.level, expressions.work)
    world.define("\n".join([f"let {big} (x : int) (y : int) =", *lines, f"  ({result}) land 0xFFFFF"]), callee)
    name, guarded = world.fresh("guard"), Expressions(world, 2)
    inner = {"x": "int", "y": "int"}
    test, usual = guarded.condition(inner, rare=True), guarded.of("int", inner, 1)
    text = f"let {name} (x : int) (y : int) = if {test} then {guarded.call_of(callee, inner)} else {usual}"
    world.define(text, Callee(name, ("int", "int"), "int", guarded.level, guarded.work))


def recursive(world: World) -> None:
    """A recursive helper behind a plain one: only its first step can be copied."""
    helper, name = world.fresh("loop"), world.fresh("steps")
    expressions, turns = Expressions(world, 1, 3), world.random.choice((3, 7, 15))
    step = expressions.of("int", {"n": "int", "acc": "int"}, 1)
    world.sites += 2
    work = (turns + 1) * (expressions.work + 1)
    world.define(
        f"let rec {helper} (n : int) (acc : int) = if n <= 0 then acc else {helper} (n - 1) ({step} land 0xFFFFF)\n"
        f"let {name} (x : int) (y : int) = {helper} (x land {turns}) y",
        Callee(name, ("int", "int"), "int", expressions.level + 2, work),
        functions=2,
    )


def pairs(world: World) -> None:
    """A function that returns a pair, and one that takes it apart."""
    make, use = world.fresh("pair"), world.fresh("both")
    first, scope = Expressions(world, 1, MAX_LEVEL - 1), {"x": "int", "y": "int"}
    text = f"let {make} (x : int) (y : int) = ({first.of('int', scope, 1)}, {first.of('int', scope, 1)})"
    world.define(text)
    second = Expressions(world, 1)
    second.level, second.work = first.level + 1, first.work + 1
    world.sites += 1
    body = second.of("int", {**scope, "p": "int", "q": "int"}, 2)
    text = f"let {use} (x : int) (y : int) = match {make} x y with p, q -> {body}"
    world.define(text, Callee(use, ("int", "int"), "int", second.level, second.work))


def vectors(world: World) -> None:
    """A record of doubles with accessors and an operation made of them."""
    record, suffix = world.fresh("vec"), world.fresh("")
    world.declare(record, f"{{ u{suffix} : float; w{suffix} : float }}")
    u, w, make, norm = (f"{stem}{suffix}" for stem in ("get_u", "get_w", "make", "norm"))
    world.define(f"let {u} r = r.u{suffix}")
    world.define(f"let {w} r = r.w{suffix}")
    world.define(f"let {make} (a : float) b = {{ u{suffix} = a; w{suffix} = b }}")
    add = f"add{suffix}"
    world.define(f"let {add} p q = {make} (({u} p +. {u} q) *. 0.5) (({w} p +. {w} q) *. 0.5)")
    text = f"let {norm} (a : float) b = let r = {add} ({make} a b) ({make} b 0.5) in {u} r -. {w} r *. 0.25"
    world.define(text, Callee(norm, ("float", "float"), "float", 2, 12))
    world.sites += 10


def higher(world: World) -> None:
    """Functions that take functions: composition, and repeated application."""
    twice, times = world.fresh("twice"), world.fresh("times")
    world.define(f"let {twice} f (x : int) = f (f x)", Callee(twice, ("int -> int", "int"), "int", 1, 10))
    world.sites += 2
    if world.random.random() < 0.5:
        world.define(
            f"let rec {times} n f (x : int) = if n <= 0 then x else {times} (n - 1) f (f x land 0xFFFFF)\n"
            f"let {times}_few f (x : int) = {times} 5 f x",
            Callee(f"{times}_few", ("int -> int", "int"), "int", 2, 30),
            functions=2,
        )
        world.sites += 3


def functor(world: World) -> None:
    """A record of functions, as a functor's argument, and a function over any such record."""
    world.declare("ops", "{ join : int -> int -> int; weigh : int -> int }")
    name, apply = world.fresh("ops"), world.fresh("over")
    join, weigh = Expressions(world, 1, 2), Expressions(world, 1, 2)
    joined, weighed = join.of("int", {"a": "int", "b": "int"}, 2), weigh.of("int", {"a": "int"}, 1)
    world.define(f"let {name} = {{ join = (fun a b -> {joined}); weigh = (fun a -> {weighed}) }}", functions=2)
    level, work = max(join.level, weigh.level) + 2, join.work + 2 * weigh.work + 4
    callee = Callee(apply, ("int", "int"), "int", level, work, (name,))
    world.define(f"let {apply} ops (x : int) y = ops.join (ops.weigh x) (ops.weigh y) land 0xFFFFF", callee)
    world.sites += 3


def shapes(world: World) -> None:
    """A variant, smart constructors that allocate, and a match that takes them apart."""
    world.declare("shape", "Dot | Box of int | Pair of int * int")
    make, area, name = world.fresh("shape"), world.fresh("area"), world.fresh("figure")
    expressions, scope = Expressions(world, 1, 3), {"x": "int", "y": "int"}
    test = expressions.condition(scope)
    world.define(f"let {make} (x : int) (y : int) = if {test} then Pair (x, y) else if x = 0 then Dot else Box y")
    body = expressions.of("int", scope, 1)
    world.define(f"let {area} s = match s with Dot -> 1 | Box x -> x land 255 | Pair (x, y) -> {body}")
    text = f"let {name} (x : int) (y : int) = {area} ({make} x y)"
    world.define(text, Callee(name, ("int", "int"), "int", expressions.level + 2, expressions.work + 3))
    world.sites += 2


def _define(world: World, stem: str, params: dict[str, str], result: str, body: Expressions, depth: int) -> None:
    name = world.fresh(stem)
    given = " ".join(f"({param} : {type_})" for param, type_ in params.items())
    scope, lines = dict(params), []
    for at in range(world.random.randint(0, depth)):
        lines.append(f"  let t{at} = {body.of(result, scope, depth)} in")
        scope[f"t{at}"] = result
    last = body.of(result, scope, depth)
    text = "\n".join([f"let {name} {given} =", *lines, f"  {last}"])
    world.define(text, Callee(name, tuple(params.values()), result, body.level, body.work))


Family = Callable[[World], None]
FIRST: tuple[Family, ...] = (small, small, floats)
FAMILIES: dict[str, Family] = {
    family.__name__: family
    for family in (small, integers, floats, cold, recursive, pairs, vectors, higher, functor, shapes)
}
assert MAX_LEVEL >= 4  # some families need that many levels of their own
