"""LoopTune's shipped datasets, and its range syntax for making others."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from random import Random

from gymcc.envs.core.dataset import Dataset
from gymcc.envs.looptune.instance import MAX_EXTENT, format_id

MAX_INSTANCES = 1_000_000


def parse_range(text: str) -> tuple[int, ...]:
    """Extents written as ``7``, ``a:b``, ``a:b:step`` (b inclusive) or ``a|b|c``; raises ValueError."""
    try:
        if "|" in text:
            values = [int(part) for part in text.split("|")]
        elif ":" in text:
            start, stop, step = ([int(part) for part in text.split(":")] + [1])[:3]
            values = list(range(start, stop + 1, step)) if text.count(":") <= 2 and step > 0 else []
        else:
            values = [int(text)]
    except ValueError:
        values = []
    if not values or min(values) < 1 or max(values) > MAX_EXTENT or len(set(values)) < len(values):
        raise ValueError(
            f"bad range {text!r}; allowed: N, a:b, a:b:step (b inclusive) or a|b|c, distinct, from 1 to {MAX_EXTENT}"
        )
    return tuple(values)


def matmuls(dim_a: str, dim_b: str) -> tuple[str, ...]:
    """Instance ids of ``A[m,k] * B[k,n]`` with A's and B's dimensions given as two comma-separated ranges each.

    The inner dimensions must be the same range, since they are one loop.
    """
    ranges = [[parse_range(part) for part in dims.split(",")] for dims in (dim_a, dim_b)]
    if any(len(dims) != 2 for dims in ranges):
        raise ValueError(
            f"mm needs two dimensions each for A and B, e.g. 64:128:16,64:128:16; got {dim_a!r}, {dim_b!r}"
        )
    (m_range, k_range), (k_again, n_range) = ranges
    if k_range != k_again:
        raise ValueError(f"A's second and B's first dimension are one loop and must agree; got {dim_a!r} and {dim_b!r}")
    count = len(m_range) * len(n_range) * len(k_range)
    if count > MAX_INSTANCES:
        raise ValueError(f"{count} shapes are more than a dataset may have ({MAX_INSTANCES}); take larger steps")
    return tuple(format_id(m, n, k) for m, n, k in product(m_range, n_range, k_range))


def _off_grid(count: int, seed: int) -> tuple[str, ...]:
    """Shapes no grid has: primes, slivers and large rectangles, extents from 17 to 512."""
    random = Random(seed)
    primes = [p for p in range(17, 512) if all(p % d for d in range(2, int(p**0.5) + 1))]

    def prime() -> int:
        return random.choice(primes)

    def near_cube() -> int:
        return random.randint(48, 320)

    def sliver() -> int:
        return random.choice((17, 24, 33, 40, 48))

    def large() -> int:
        return random.randint(257, 512)

    mixes = [
        (prime, prime, prime),
        (near_cube, near_cube, near_cube),
        (large, sliver, large),
        (sliver, large, near_cube),
    ]
    shapes: dict[str, None] = {}
    while len(shapes) < count:
        m, n, k = (draw() for draw in mixes[len(shapes) % len(mixes)])
        shapes[format_id(m, n, k)] = None
    return tuple(shapes)


def _spread(count: int, seed: int, without: frozenset[str]) -> tuple[str, ...]:
    """Shapes with every extent drawn log-uniformly from 16 to 512, none larger than 2^25 multiply-adds."""
    random = Random(seed)
    shapes: dict[str, None] = {}
    while len(shapes) < count:
        m, n, k = (round(2 ** random.uniform(4, 9)) for _ in range(3))
        shape = format_id(m, n, k)
        if m * n * k <= 2**25 and shape not in without:
            shapes[shape] = None
    return tuple(shapes)


MM_64_256_16 = Dataset(
    name="looptune/mm-64-256-16",
    instances=matmuls("64:256:16,64:256:16", "64:256:16,64:256:16"),
    description="All 13^3 float32 matrix multiplications with m, n, k from 64 to 256 in steps of 16.",
    origin="The shapes of LoopTune's mm64_256_16_range (arXiv 2309.01825), enumerated.",
)
MM_OFF_GRID = Dataset(
    name="looptune/mm-off-grid",
    instances=_off_grid(120, seed=20),
    description="120 shapes off the training grid: primes, near-cubes, slivers and rectangles up to 512.",
    origin="Drawn by envs/looptune/dataset.py with seed 20. Never trained on.",
    shares=(0.0, 0.0, 1.0),
)
MM_MIXED = Dataset(
    name="looptune/mm-mixed",
    instances=MM_64_256_16.instances
    + _spread(2_000, seed=21, without=frozenset(MM_64_256_16.instances + MM_OFF_GRID.instances)),
    description="The grid of looptune/mm-64-256-16 (same splits) and 2,000 shapes with extents from 16 to 512.",
    origin="The grid, and shapes drawn by envs/looptune/dataset.py with seed 21. None of looptune/mm-off-grid.",
)
DATASETS = {dataset.name: dataset for dataset in (MM_64_256_16, MM_OFF_GRID, MM_MIXED)}


def shipped() -> Mapping[str, Dataset]:
    """The datasets that come with GymCC, the default one first."""
    return DATASETS
