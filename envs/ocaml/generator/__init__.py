"""Random programs without end: ``generate(seed)``, the same text in every process.

Every program is of the subset, compiles with ocamlopt, ends within a bounded number of calls, and prints a checksum. It
has 5 to 40 functions that call each other in up to 6 levels, 10 to 80 calls, and loops that run them often. Some calls
are better inlined, because doubles need no box then, tuples and records meet their consumer, or a function passed as
an argument becomes known; others are traps: a large function in a branch that is hardly taken, a recursive helper, one
large function called from everywhere.
"""

from __future__ import annotations

from random import Random

from gymcc.envs.ocaml.generator.families import FAMILIES, FIRST
from gymcc.envs.ocaml.generator.main import write_main
from gymcc.envs.ocaml.generator.world import World

MIN_SITES, MAX_SITES = 10, 80
MIN_FUNCTIONS, MAX_FUNCTIONS = 5, 40


def generate(seed: int) -> str:
    """The OCaml source that a seed stands for."""
    attempt = 0
    while True:
        world = _attempt(Random(f"ocaml/{seed}/{attempt}"))
        if MIN_SITES <= world.sites <= MAX_SITES and MIN_FUNCTIONS <= world.functions <= MAX_FUNCTIONS:
            return f"(* random program {seed} *)\n" + "".join(f"{line}\n" for line in world.lines)
        attempt += 1


def _attempt(random: Random) -> World:
    world = World(random)
    functions = random.randint(MIN_FUNCTIONS, 28)
    kinds = random.sample(sorted(FAMILIES), random.randint(2, len(FAMILIES)))
    for family in FIRST:
        family(world)
    while world.functions < functions and world.sites < MAX_SITES * 3 // 5:
        FAMILIES[random.choice(kinds)](world)
    write_main(world)
    return world


__all__ = ["generate"]
