"""What everything that a run is logged to can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]  # (height, width, 3)


class Logger(Protocol):
    """A place that rows of metrics and the results of an evaluation go to."""

    def row(self, row: Mapping[str, Any]) -> None:
        """A row of metrics, by the names of ``metrics.jsonl``."""

    def table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """A table of plain values."""

    def page(self, name: str, html: str) -> None:
        """A text with its own look."""

    def picture(self, name: str, picture: Picture, caption: str) -> None:
        """A picture."""

    def files(self, kind: str, folder: Path, names: Sequence[str], metadata: Mapping[str, Any]) -> None:
        """Keep files of a folder as the newest version of the run's artifact of that kind."""

    def finish(self) -> None:
        """Write what is open."""
