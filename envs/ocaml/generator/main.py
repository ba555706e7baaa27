"""The top level of a random program: loops that run its functions, and the checksum."""

from __future__ import annotations

from gymcc.envs.ocaml.generator.expressions import Expressions
from gymcc.envs.ocaml.generator.world import MAX_LEVEL, World

WORK = 30_000  # calls in all, about
MOST_TURNS = 2_000


def write_main(world: World) -> None:
    """One loop of integers, one of doubles where there are functions of them, and perhaps more."""
    kinds = ["int", "float", *world.random.choices(("int", "float"), k=world.random.randint(0, 1))]
    lines = ["let () =", "  let total = ref 0 in", "  let mass = ref 0.5 in"]
    for kind in kinds:
        lines += _loop(world, WORK // len(kinds), kind)
    lines += ["  print_int !total; print_char ' ';", "  print_int (int_of_float (!mass *. 1000.0)); print_newline ()"]
    world.lines += lines


def _loop(world: World, work: int, kind: str) -> list[str]:
    body = Expressions(world, world.random.randint(1, 4), MAX_LEVEL + 1)
    latest = [each for each in world.callees[-6:] if each.result == kind]
    chosen = [world.random.choice(latest)] if latest else []
    if kind == "int":
        scope = {"i": "int", "t": "int"}
        calls = [body.call_of(each, scope) for each in chosen] + [body.of("int", scope, 2)]
        steps = ["let t = !total in", f"total := ({' + '.join(['t', *calls])}) land 0xFFFFFF"]
    else:
        scope = {"m": "float", "k": "float", "i": "int"}
        calls = [body.call_of(each, scope) for each in chosen] + [body.of("float", scope, 2)]
        steps = ["let m = !mass in", "let k = float_of_int (i land 15) in"]
        steps.append(f"mass := (m *. 0.5) +. (({' +. '.join(calls)}) *. 0.1)")
    turns = max(20, min(MOST_TURNS, work // body.work))
    return [f"  for i = 1 to {turns} do", *(f"    {step}" for step in steps), "  done;"]
