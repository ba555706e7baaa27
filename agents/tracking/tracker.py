"""All loggers of a run as one."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gymcc.agents import config
from gymcc.agents.tracking.keys import AXIS
from gymcc.agents.tracking.logger import Logger, Picture
from gymcc.agents.tracking.service import choose_mode
from gymcc.agents.tracking.tensorboard import TensorBoard
from gymcc.agents.tracking.wandb_run import WandbRun

IDENTITY = "wandb.json"  # in the run folder: entity, project and id of its W&B run


class Tracker:
    """A logger that hands on to those that the config names; see :class:`gymcc.agents.tracking.logger.Logger`.

    ``run`` names the W&B run to go on with, as :func:`parse_run` has it; by default the one that the folder was logged
    to before, if it was: ``wandb.json`` says which. ``rows`` are the metrics so far.
    """

    def __init__(
        self,
        wanted: config.Logger,
        folder: Path,
        facts: Mapping[str, Any],
        run: Mapping[str, str] | None = None,
        rows: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self._wandb: WandbRun | None = None
        self._loggers: list[Logger] = []
        if choose_mode(wanted.wandb) != "disabled":
            self._wandb = WandbRun(wanted.wandb, folder, facts, run or _known(folder), rows)
            _keep(folder, self._wandb.identity)
            self._loggers.append(self._wandb)
        if wanted.tensorboard:
            self._loggers.append(TensorBoard(folder, int(rows[-1][AXIS]) if rows else 0))

    def __bool__(self) -> bool:
        """Whether anything is logged to."""
        return bool(self._loggers)

    def row(self, row: Mapping[str, Any]) -> None:
        for logger in self._loggers:
            logger.row(row)

    def table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        for logger in self._loggers:
            logger.table(name, columns, rows)

    def page(self, name: str, html: str) -> None:
        for logger in self._loggers:
            logger.page(name, html)

    def picture(self, name: str, picture: Picture, caption: str) -> None:
        for logger in self._loggers:
            logger.picture(name, picture, caption)

    def files(self, kind: str, folder: Path, names: Sequence[str], metadata: Mapping[str, Any]) -> None:
        for logger in self._loggers:
            logger.files(kind, folder, names, metadata)

    def finish(self) -> None:
        for logger in self._loggers:
            logger.finish()


def _known(folder: Path) -> dict[str, str]:
    path = folder / IDENTITY
    known: dict[str, str] = json.loads(path.read_text()) if path.is_file() else {}
    return known


def _keep(folder: Path, identity: Mapping[str, str]) -> None:
    partial = folder / f".{IDENTITY}"
    partial.write_text(json.dumps(identity) + "\n")
    os.replace(partial, folder / IDENTITY)
