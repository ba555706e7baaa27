"""One training of a sweep, as Ray Tune drives it: a run folder of its own, whose checkpoints are the only ones."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ray import tune

from gymcc.agents.config import load
from gymcc.agents.overrides import replaced
from gymcc.agents.rllib.train import opened

METRIC, SPENT = "validation_speedup", "percent"
BASE, RUNS = "base.yaml", "runs"  # in the sweep's folder
FOLDER = "folder"  # the key of a draw that is not a setting


class Trial(tune.Trainable):
    """Trains until the next validation at every step; a trial that Tune starts again goes on in its run folder."""

    def setup(self, config: dict[str, Any]) -> None:
        sweep = Path(config[FOLDER])
        values = {key: value for key, value in config.items() if key != FOLDER}
        run = sweep / RUNS / str(self.trial_id)
        self._stack = ExitStack()
        known = (run / "config.yaml").is_file()
        experiment = None if known else replaced(load(sweep / BASE), values, "sweep")
        self._training = self._stack.enter_context(opened(experiment, run, resume=known))

    def step(self) -> dict[str, Any]:
        row: dict[str, Any] = self._last() if self._training.share() >= 1 else {}
        while METRIC not in row:
            row = self._training.iterate()
        share = min(1.0, self._training.share())
        return {METRIC: row[METRIC], SPENT: 100 * share, "env_steps": row["env_steps"], "done": share >= 1}

    def cleanup(self) -> None:
        with self._stack:
            self._training.close()

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """Nothing: the run folder has checkpoints of its own."""

    def load_checkpoint(self, checkpoint: Any) -> None:
        """Nothing: :meth:`setup` has gone on from the run folder's."""

    def _last(self) -> dict[str, Any]:
        """The newest row with a validation, of a run that was over already."""
        return next(row for row in reversed(list(self._training.folder.rows())) if METRIC in row)
