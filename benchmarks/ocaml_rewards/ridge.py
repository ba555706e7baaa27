"""Ridge regression by its normal equations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


def ridge(design: Matrix, targets: Matrix, penalty: float) -> Matrix:
    """The w that minimises |A w - y|² + λ |w|², of each column y of ``targets``; no intercept.

    With more unknowns than equations, by w = Aᵀ (A Aᵀ + λ)⁻¹ y.
    """
    trees, unknowns = design.shape
    if trees < unknowns:
        return np.asarray(design.T @ np.linalg.solve(design @ design.T + penalty * np.eye(trees), targets), np.float64)
    return np.asarray(np.linalg.solve(design.T @ design + penalty * np.eye(unknowns), design.T @ targets), np.float64)
