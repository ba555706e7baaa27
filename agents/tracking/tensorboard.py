"""TensorBoard's files, in the run folder's ``tensorboard/``: scalars, tables and pictures, no artifacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gymcc.agents.tracking.keys import AXIS, shown
from gymcc.agents.tracking.logger import Picture

FOLDER = "tensorboard"


class TensorBoard:
    """A logger; see :class:`gymcc.agents.tracking.logger.Logger`."""

    def __init__(self, folder: Path, env_steps: int = 0) -> None:
        from tensorboardX import SummaryWriter  # comes with Ray

        # What a killed run logged after its last checkpoint is done, and logged, again.
        self._writer = SummaryWriter(str(folder / FOLDER), purge_step=env_steps + 1 if env_steps else None)
        self._env_steps = env_steps

    def row(self, row: Mapping[str, Any]) -> None:
        self._env_steps = int(row[AXIS])
        for name, value in shown(row).items():
            if name != AXIS:
                self._writer.add_scalar(name, value, self._env_steps)

    def table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        lines = [columns, ["---"] * len(columns), *rows]
        text = "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
        self._writer.add_text(name, text, self._env_steps)

    def page(self, name: str, html: str) -> None:
        """Nothing: TensorBoard shows no pages."""

    def picture(self, name: str, picture: Picture, caption: str) -> None:
        self._writer.add_image(name, picture, self._env_steps, dataformats="HWC")

    def files(self, kind: str, folder: Path, names: Sequence[str], metadata: Mapping[str, Any]) -> None:
        """Nothing: TensorBoard keeps no files."""

    def finish(self) -> None:
        self._writer.close()
