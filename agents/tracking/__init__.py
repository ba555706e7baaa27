"""Where a run is logged to besides its own ``metrics.jsonl``: Weights & Biases, TensorBoard.

:mod:`keys` says what is logged and what it means; :class:`Tracker` hands everything to the loggers of the config.
"""

from __future__ import annotations

from gymcc.agents.tracking.keys import KEYS
from gymcc.agents.tracking.service import parse_run
from gymcc.agents.tracking.tracker import Tracker

__all__ = ["KEYS", "Tracker", "parse_run"]
