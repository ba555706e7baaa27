"""How large a random program is, and what it is made of."""

from __future__ import annotations

from dataclasses import dataclass, fields
from random import Random

SPI_DEPTH = 6  # values that NITTA's SPI receives, and sends, per cycle
MAX_FUNCTIONS, MAX_LOOPS, MAX_CONSTANTS = 200, 16, 16  # 48 memory cells on the default microarchitecture


@dataclass(frozen=True, slots=True)
class Size:
    """Knobs of the generator.

    ``functions`` of the compiled program, exactly; of these ``inputs`` receive, ``outputs`` send, ``loops`` keep a
    value for the next cycle, and up to ``constants`` are constants. The rest computes: shares of it are expected to
    ``multiply``, ``divide``, decide (``logic``: comparisons and gates), choose (``mux``) and ``shift``; what is left
    adds and subtracts. A result goes through a ``buffer`` in memory with probability ``buffers``: large programs
    without any are seldom solvable, because units that work on one job at a time wait for each other.
    """

    functions: int
    inputs: int = 1
    outputs: int = 1
    loops: int = 0
    constants: int = 2
    multiply: float = 0.2
    divide: float = 0.05
    logic: float = 0.1
    mux: float = 0.05
    shift: float = 0.1
    buffers: float = 0.0

    def __post_init__(self) -> None:
        for name, least, most in _BOUNDS:
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name}={getattr(self, name)!r} of a program is not from {least} to {most}")
        if sum(self.shares) > 1:
            raise ValueError(f"the shares of {', '.join(SHARES)} add up to {sum(self.shares):g}, more than 1")
        if self.inputs + self.loops == 0:
            raise ValueError("a program needs an input or a loop to compute from")
        if self.functions < self.least_functions:
            raise ValueError(f"functions={self.functions} is too few here: at least {self.least_functions}")

    @property
    def shares(self) -> tuple[float, ...]:
        """By the names of :data:`SHARES`."""
        return tuple(getattr(self, name) for name in SHARES)

    @property
    def least_functions(self) -> int:
        """Ends of the program, one computation, and enough of them to use every value that comes in."""
        surplus = self.inputs - self.outputs  # each loop brings a value and takes one
        return self.inputs + self.outputs + self.loops + max(1, surplus)


SHARES = ("multiply", "divide", "logic", "mux", "shift")
_BOUNDS = (
    ("functions", 1, MAX_FUNCTIONS),
    ("inputs", 0, SPI_DEPTH),
    ("outputs", 1, SPI_DEPTH),
    ("loops", 0, MAX_LOOPS),
    ("constants", 0, MAX_CONSTANTS),
    *((name, 0.0, 1.0) for name in (*SHARES, "buffers")),
)
assert {name for name, *_ in _BOUNDS} == {field.name for field in fields(Size)}

# Fewest and most functions of the named sizes: the tiers of the programs written by hand.
SIZES: dict[str, tuple[int, int]] = {"tiny": (3, 5), "small": (6, 10), "medium": (11, 22), "hard": (23, 45)}


def draw_size(random: Random, name: str) -> Size:
    """A program of one of the named sizes, with shares that favour one or the other kind of work."""
    functions = random.randint(*SIZES[name])
    ends = max(1, functions // 6)
    inputs = random.randint(0, min(SPI_DEPTH, ends + 1))
    loops = random.randint(0 if inputs else 1, min(6, ends))
    outputs = random.randint(1, min(SPI_DEPTH, ends))
    weights = [random.expovariate(1 / mean) for mean in (0.25, 0.06, 0.12, 0.06, 0.1)]
    scale = min(1.0, 0.8 / sum(weights))
    shares = dict(zip(SHARES, (round(weight * scale, 3) for weight in weights), strict=True))
    least = Size(MAX_FUNCTIONS, inputs, outputs, loops).least_functions
    constants, buffers = random.randint(0, max(1, functions // 4)), round(random.uniform(0, 0.6), 2)
    return Size(max(functions, least), inputs, outputs, loops, constants, **shares, buffers=buffers)
