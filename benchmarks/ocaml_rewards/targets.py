"""Benefits of trees from their times: the more the better, about 0 for a time like the base's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from gymcc.benchmarks.ocaml_rewards.samples import Samples

Times = NDArray[np.float64]
SHAPES: Mapping[str, Callable[[Times, float], Times]] = {
    "linear": lambda times, base: -(times - base) / base,
    "log": lambda times, base: -np.log(times / base),
    "tanh": lambda times, base: np.tanh(-10 * (times - base) / base),
}
BASES: Mapping[str, Callable[[Samples], float]] = {
    "mean": lambda samples: float(samples.times.mean()),
    "baseline": lambda samples: samples.initial,
}


def benefits(samples: Samples, shape: str, base: str) -> Times:
    """Of each tree, relative to the mean of all or to what the searches began with."""
    return SHAPES[shape](samples.times, BASES[base](samples))
