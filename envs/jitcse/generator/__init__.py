"""Random C#-like methods without end, for training: ``generate(seed)`` gives the method of instance ``gen/<seed>``."""

from __future__ import annotations

from itertools import count
from random import Random

from gymcc.envs.jitcse.builder import Builder
from gymcc.envs.jitcse.generator.expressions import Expressions
from gymcc.envs.jitcse.generator.profile import with_profile
from gymcc.envs.jitcse.generator.statements import Statements
from gymcc.envs.jitcse.generator.world import draw_world
from gymcc.envs.jitcse.ir import Method, Type

MIN_STATEMENTS, MAX_STATEMENTS = 5, 80
PROFILED = 0.3  # share of methods with weights from a profile
MAX_SEED = 2**63 - 1


def generate(seed: int) -> Method:
    """The method that a seed stands for, of 5 to 80 statements; raises ValueError unless 0 <= seed < 2^63."""
    if type(seed) is not int or not 0 <= seed <= MAX_SEED:
        raise ValueError(f"a generator's seed is a whole number from 0 to {MAX_SEED}, got {seed!r}")
    for attempt in count():
        method = _draw(f"gen/{seed}", Random(f"{seed}/{attempt}"))
        if MIN_STATEMENTS <= sum(len(block.statements) for block in method.blocks) <= MAX_STATEMENTS:
            return method
    raise AssertionError("unreachable")


def _draw(name: str, random: Random) -> Method:
    world = draw_world(random)
    result = random.choice((Type.VOID, Type.INT, Type.INT, Type.OTHER, *world.kinds))
    builder = Builder(name, (Type.OTHER, *(kind for kind, _ in world.parameters)), result)
    statements = Statements(random, builder, Expressions(random, builder, world))
    statements.body(target=round(2 ** random.uniform(2.3, 5.4)))
    method = builder.finish()
    return with_profile(method, random) if random.random() < PROFILED else method
