"""Live compilers: programs of others, run so that nothing they do can harm or outlive a training run.

Each runs in a session and process group of its own, from an argument list without a shell, with a deadline on every
operation, bounded output, resource limits and a temporary folder that is removed. It is killed with its parent, be that
by an exception, an exit, or ``kill -9`` (see :mod:`~gymcc.envs.core.toolchain.launcher`). Errors are
:class:`~gymcc.envs.core.problem.BackendError`: they end an episode, never a training run.

:func:`find` a :class:`Tool`, then :func:`run` it once or hold a :class:`Session` with it.
"""

from __future__ import annotations

from gymcc.envs.core.toolchain.errors import ToolDied, ToolError, ToolFlood, ToolMissing, ToolTimeout
from gymcc.envs.core.toolchain.finding import find
from gymcc.envs.core.toolchain.oneshot import Finished, run
from gymcc.envs.core.toolchain.session import Session
from gymcc.envs.core.toolchain.tool import Limits, Tool

__all__ = [
    "Finished",
    "Limits",
    "Session",
    "Tool",
    "ToolDied",
    "ToolError",
    "ToolFlood",
    "ToolMissing",
    "ToolTimeout",
    "find",
    "run",
]
