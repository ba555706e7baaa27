"""Episodes as uploaded transitions, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gymcc.agents.rllib.trajectory import Trajectory
from gymcc.agents.serving.online.sources import Batch
from gymcc.agents.serving.online.upload import TRANSITION


def to_transitions(episode: Trajectory) -> dict[str, NDArray[Any]]:
    """The tensors of a batch that is one whole episode."""
    dones = np.zeros(len(episode.actions), np.int8)
    dones[-1] = 1
    return {
        "samples": episode.observations[:-1],
        "masks": episode.masks[:-1],
        "actions": episode.actions,
        "explored": episode.explored,
        "rewards": episode.rewards,
        "dones": dones,
        "next_samples": episode.observations[1:],
        "next_masks": episode.masks[1:],
    }


def to_episodes(batch: Batch, size: int, n_actions: int) -> list[Trajectory]:
    """The whole episodes of a batch; one that is cut off at its end is left out.

    Raises ValueError for what is no batch of transitions with ``size`` numbers observed and ``n_actions`` actions.
    """
    _check(batch, size, n_actions)
    ends = (np.flatnonzero(batch["dones"]) + 1).tolist()
    return [_episode(batch, start, end) for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def _episode(batch: Batch, start: int, end: int) -> Trajectory:
    def column(name: str) -> NDArray[Any]:
        return batch[name][start:end]

    return Trajectory(
        np.concatenate([column("samples"), column("next_samples")[-1:]]).astype(np.float32),
        np.concatenate([column("masks"), column("next_masks")[-1:]]).astype(np.int8),
        column("actions").astype(np.int64),
        column("rewards").astype(np.float32),
        column("explored") > 0,
    )


def _check(batch: Batch, size: int, n_actions: int) -> None:
    """Raise ValueError for what nobody can learn from."""
    if missing := {"samples", *TRANSITION} - set(batch):
        raise ValueError(f"a batch without {', '.join(sorted(missing))} holds no transitions")
    widths = {"samples": size, "masks": n_actions, "next_samples": size, "next_masks": n_actions}
    for name in ("samples", *TRANSITION):
        shape = batch[name].shape
        if name in widths and (len(shape) != 2 or shape[1] != widths[name]):
            raise ValueError(f"{name} has shape {shape}, the network takes {widths[name]} columns")
        if name not in widths and len(shape) != 1:
            raise ValueError(f"{name} has shape {shape}, expected one number for each sample")
    if not all(len(batch[name]) == len(batch["samples"]) for name in TRANSITION):
        raise ValueError("a batch whose columns have several lengths")
    actions = batch["actions"]
    if actions.dtype.kind not in "iu" or (len(actions) and not (actions.min() >= 0 and actions.max() < n_actions)):
        raise ValueError(f"an action beyond 0 to {n_actions - 1}")
    if not batch["masks"][np.arange(len(actions)), actions].all():
        raise ValueError("an action that its mask forbids")
    if not all(np.isfinite(batch[name]).all() for name in ("samples", "next_samples", "rewards")):
        raise ValueError("a number that is not finite")
