"""One seed for all generators of a process.

RLlib's own way imports torch's compiler for one flag, two seconds in every process.
"""

from __future__ import annotations

import random

import numpy as np
import torch


def seed_all(seed: int) -> None:
    """Seed Python, numpy and torch, and have torch keep to deterministic algorithms."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 (RLlib draws from it)
    torch.manual_seed(seed)
    torch.set_deterministic_debug_mode("error")
    torch.utils.deterministic.fill_uninitialized_memory = False  # a fifth of an update, against faults not made here
