"""An executor of schedules that shares nothing with the model that makes them.

Each unit is a small state machine written from the timing of the hardware: it refuses a transport that comes too
early, a value that is not there or already lost, a job started while another is under way, and counts cells and
buffers. :func:`run` executes a schedule tick by tick for several iterations of the algorithm; :func:`check` compares
what it computes with direct evaluation of the program on random inputs.
"""

from __future__ import annotations

from gymcc.envs.nitta.simulator.check import check
from gymcc.envs.nitta.simulator.errors import ScheduleError
from gymcc.envs.nitta.simulator.run import run

__all__ = ["ScheduleError", "check", "run"]
