"""Descents through synthesis trees as workers upload them, and the examples that a value network learns of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gymcc.agents.nitta_value.model_scores import views
from gymcc.agents.nitta_value.network import Examples
from gymcc.agents.serving.client.client import Client
from gymcc.agents.serving.online.sources import Batch
from gymcc.agents.serving.online.upload import POLICY_VERSION, TrainingDataUploader
from gymcc.envs.nitta.features import COLUMNS, matrix
from gymcc.envs.nitta.labels import Leaf, labelled
from gymcc.envs.nitta.methods import SynthesisNode, is_success
from gymcc.envs.nitta.methods.sampling import weights
from gymcc.envs.nitta.methods.threads import STEP_LIMIT

Scores = Callable[[SynthesisNode], Sequence[float]]


@dataclass(frozen=True, slots=True)
class Descent:
    """One path of T decisions from the root of a program's tree to where it ended."""

    program: str
    path: tuple[int, ...]  # the option that was taken, each time
    features: NDArray[np.float32]  # (T, columns) of these options
    success: bool  # the end is a complete schedule
    duration: int  # of it in ticks

    @property
    def sids(self) -> list[str]:
        """Ids of the nodes behind the decisions."""
        return ["-" + "-".join(map(str, self.path[: at + 1])) for at in range(len(self.path))]


def descend(program: str, root: SynthesisNode, scores: Scores | None, epsilon: float, random: Random) -> Descent:
    """Go down by the best of ``scores``; a share ``epsilon`` of decisions, or all without it, is drawn by NITTA's."""
    node = root
    path: list[int] = []
    rows = [np.zeros((0, len(COLUMNS)), np.float32)]
    while not node.crashed and node.options and len(path) < STEP_LIMIT:
        if scores is None or random.random() < epsilon:
            chances = weights([option.score for option in node.options])
            index = random.choices(range(len(chances)), chances)[0]
        else:
            index = int(np.argmax(scores(node)))
        rows.append(matrix(views(node), COLUMNS)[index : index + 1])
        path.append(index)
        node = node.children[index]
    end = node.parent if node.crashed and node.parent is not None else node
    return Descent(program, tuple(path), np.concatenate(rows), is_success(node), end.duration)


class DescentUploader(TrainingDataUploader):
    """Uploads descents, one a batch: the tensors ``samples`` (T, columns) and ``path`` (T,), and what came of it."""

    def __init__(self, list_name: str, client: Client, rank: str) -> None:
        super().__init__(list_name, target_name="", rank=rank, client=client)

    def put_descent(self, descent: Descent, version: int) -> None:
        """Upload one that has a decision at least."""
        batch = self._begin()
        batch.add_tensor("samples", descent.features)
        batch.add_tensor("path", np.array(descent.path, np.int64))
        batch.add_meta_string("program", descent.program)
        batch.add_meta_scalar("success", np.int64(descent.success))
        batch.add_meta_scalar("duration", np.int64(descent.duration))
        batch.add_meta_scalar(POLICY_VERSION, np.int64(version))
        self._end(batch)


def from_batch(batch: Batch) -> list[Descent]:
    """The descent in a batch; raises ValueError for what is none."""
    try:
        samples, path, program = batch["samples"], batch["path"], str(batch["program"][0])
        success, duration = bool(batch["success"][0]), int(batch["duration"][0])
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError(f"a batch without {error} is no descent") from error
    if samples.ndim != 2 or samples.shape[1] != len(COLUMNS) or path.shape != (len(samples),) or not len(path):
        raise ValueError(f"a descent of {path.shape} decisions with features {samples.shape}, not of {len(COLUMNS)}")
    if not np.isfinite(samples).all() or path.dtype.kind not in "iu" or path.min() < 0:
        raise ValueError("a descent has finite features and takes options from 0 on")
    return [Descent(program, tuple(path.tolist()), samples.astype(np.float32), success, duration)]


def to_examples(descents: Iterable[Descent]) -> dict[str, Examples]:
    """By program what was decided and what it was worth, as a crawl that had gone these paths would say."""
    by_program: dict[str, list[Descent]] = {}
    for descent in descents:
        by_program.setdefault(descent.program, []).append(descent)
    return {program: _examples(found) for program, found in by_program.items()}


def _examples(descents: Sequence[Descent]) -> Examples:
    rows: dict[str, NDArray[Any]] = {}
    leaves: dict[str, Leaf] = {}
    for descent in descents:
        sids = descent.sids
        rows |= dict(zip(sids, descent.features, strict=True))
        known = leaves.get(sids[-1])
        visits = known.visits + 1 if known else 1
        leaves[sids[-1]] = Leaf(sids[-1], descent.success, descent.duration, visits)
    labels = labelled(leaves.values())
    return Examples(np.stack(list(rows.values())), np.array([labels[sid] for sid in rows], np.float32))
