"""Fits of one program's samples, by many settings at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from gymcc.benchmarks.ocaml_rewards.decoding import Decoded, decode
from gymcc.benchmarks.ocaml_rewards.lasso import chosen
from gymcc.benchmarks.ocaml_rewards.ridge import ridge
from gymcc.benchmarks.ocaml_rewards.samples import Samples
from gymcc.benchmarks.ocaml_rewards.settings import RIDGE, Setting
from gymcc.benchmarks.ocaml_rewards.targets import benefits


def fit(samples: Samples, setting: Setting) -> Decoded:
    """The best tree by a setting."""
    return next(iter(fits(samples, [setting])))[1]


def fits(samples: Samples, settings: Sequence[Setting]) -> Iterator[tuple[Setting, Decoded]]:
    """The best tree by each setting; neighbours that differ in nothing but the target are fitted together."""
    for (method, gamma, penalty), group in groupby(settings, key=lambda s: (s.method, s.gamma, s.penalty)):
        alike = list(group)
        design = samples.design(gamma)
        targets = np.stack([benefits(samples, each.shape, each.base) for each in alike], axis=1)
        unknowns = ridge(design, targets, penalty) if method == RIDGE else _lassos(design, targets)
        for each, found in zip(alike, unknowns.T, strict=True):
            yield each, decode(samples, found, gamma)


def _lassos(design: NDArray[np.float64], targets: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([chosen(design, target)[0] for target in targets.T], axis=1)
