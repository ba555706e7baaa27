"""Fitting all experts of a committee at once."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from gymcc.agents.ocaml_inlining.lessons import UNKNOWN, Lessons
from gymcc.agents.ocaml_inlining.network import Columns, Committee
from gymcc.agents.ocaml_inlining.settings import Settings
from gymcc.envs.ocaml.library import shipped_texts


def fit(lessons: Lessons, settings: Settings, columns: Columns) -> Committee:
    """A committee that has learned all ``lessons``; ``columns`` are those that its rules look at."""
    torch.manual_seed(settings.seed)
    members = lessons.classes.shape[1]
    committee = Committee(lessons.observations.shape[1], members, settings.experts.hidden, columns)
    seen = torch.from_numpy(lessons.observations)
    committee.standardise(seen)
    right = torch.from_numpy(lessons.classes.clip(min=0)).T
    weights = torch.from_numpy(weigh(lessons, settings)).T
    rate, steps = settings.fitting.lr, settings.fitting.steps
    optimizer = torch.optim.AdamW(committee.parameters(), lr=rate, weight_decay=settings.fitting.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = _loss(committee.logits(seen), right, weights)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    return committee.eval()


def _loss(logits: Tensor, right: Tensor, weights: Tensor) -> Tensor:
    """Cross-entropy by weights, of (experts, N, 3) against (experts, N)."""
    each = functional.cross_entropy(logits.flatten(0, 1), right.flatten(), reduction="none")
    loss: Tensor = (each * weights.flatten()).sum() / weights.sum()
    return loss


def weigh(lessons: Lessons, settings: Settings) -> NDArray[np.float32]:
    """How much each example counts for each expert, (N, experts)."""
    known = lessons.classes != UNKNOWN
    mean = (lessons.stakes * known).sum(0) / known.sum(0).clip(min=1)
    share = settings.fitting.stakes
    by_stakes = lessons.stakes / np.where(mean > 0, mean, 1)
    ours = np.array([name in shipped_texts() for name in lessons.programs])
    source = np.where(ours[lessons.program], settings.fitting.shipped_weight, 1.0)[:, None]
    drawn = _drawn(lessons, settings)
    return np.asarray(known * ((1 - share) + share * by_stakes) * source * drawn, np.float32)


def _drawn(lessons: Lessons, settings: Settings) -> NDArray[np.float64]:
    """How often each expert has drawn the program of each example; once, if experts are not repeated."""
    members, random = lessons.classes.shape[1], np.random.default_rng(settings.seed)
    if settings.experts.repeats == 1:
        return np.ones((len(lessons.program), members))
    there = np.unique(lessons.program)
    counts = np.zeros((len(lessons.programs), members))
    for member in range(members):
        np.add.at(counts[:, member], random.choice(there, len(there)), 1)
    return counts[lessons.program]
