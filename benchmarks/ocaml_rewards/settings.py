"""How rewards can be drawn from runs: the original's grids."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from gymcc.benchmarks.ocaml_rewards.targets import BASES, SHAPES
from gymcc.envs.core.choices import choose

RIDGE, LASSO = "ridge", "lasso"


@dataclass(frozen=True, slots=True)
class Setting:
    """A fit: ``penalty`` is the ridge's λ; the lasso chooses its own, which is said by 0."""

    method: str
    gamma: float
    penalty: float
    shape: str
    base: str

    def __post_init__(self) -> None:
        choose(dict.fromkeys((RIDGE, LASSO)), self.method, "method")
        choose(SHAPES, self.shape, "target")
        choose(BASES, self.base, "base")
        if not 0 < self.gamma <= 1:
            raise ValueError(f"gamma is greater than 0 and at most 1, got {self.gamma}")
        if (self.penalty <= 0) == (self.method == RIDGE):
            raise ValueError(f"penalty is positive for ridge and 0 for lasso, got {self.penalty} for {self.method}")

    def __str__(self) -> str:
        penalty = f" λ={self.penalty:g}" if self.penalty else ""
        return f"{self.method} γ={self.gamma:g}{penalty} {self.shape}/{self.base}"


_TARGETS = tuple(product(SHAPES, BASES))
GRID = (
    *(Setting(RIDGE, g, p, *target) for g in (0.4, 0.9, 1.0) for p in (0.005, 0.05, 0.5) for target in _TARGETS),
    *(Setting(LASSO, g, 0.0, *target) for g in (0.4, 0.9, 0.99, 1.0) for target in _TARGETS),
)
HAND_RIDGE = Setting(RIDGE, 0.4, 0.05, "log", "mean")  # the original's choices by hand
HAND_LASSO = Setting(LASSO, 1.0, 0.0, "tanh", "baseline")
