"""Random Lua programs without end: ``generate(seed, "medium")`` or ``generate(seed, Size(functions=30, loops=4))``.

Every program compiles, uses every value it computes, and fits NITTA's SPI; whether it can be scheduled on a given
microarchitecture is for a search to find out, as with programs that people write.
"""

from __future__ import annotations

from random import Random

from gymcc.envs.nitta.generator.body import Body
from gymcc.envs.nitta.generator.size import SIZES, Size, draw_size

__all__ = ["SIZES", "Size", "generate"]


def generate(seed: int, size: str | Size) -> str:
    """The Lua source that a seed stands for, the same in every process; raises ValueError naming the sizes."""
    if isinstance(size, str) and size not in SIZES:
        raise ValueError(f"unknown size {size!r} of a program; allowed: {', '.join(SIZES)}, or a Size")
    random = Random(f"nitta/{size}/{seed}")
    drawn = draw_size(random, size) if isinstance(size, str) else size
    body = Body(random, drawn)
    body.compute()
    parameters = ", ".join(body.parameters)
    first = ", ".join(str(random.randint(0, 9)) for _ in body.parameters)
    lines = [
        f"-- random program {seed}, {drawn.functions} functions",
        f"function cycle({parameters})",
        *(f"    {line}" for line in body.lines),
        f"    cycle({', '.join(body.fed_back)})",
        "end",
        "",
        f"cycle({first})",
    ]
    return "\n".join(lines) + "\n"
