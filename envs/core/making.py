"""Making a bare environment from what a command line or a record says, with errors in plain words."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

import gymnasium as gym

from gymcc.envs.core.choices import choose
from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.registry import ROWS

FIXED = ("self", "problem", "observations", "instances")  # what the maker of an environment gives, not its user


def make_bare(env_id: str, options: dict[str, Any]) -> CompilerEnv[Any]:
    """The environment without wrappers; raises ValueError naming the known ids or options, or what a value should be.

    Gymnasium's own options, which only concern wrappers, are not taken.
    """
    rows = {row.id: row for row in ROWS}
    if env_id not in gym.registry:
        choose(rows, env_id, "environment")
    if env_id in rows:
        allowed = dict.fromkeys(_options(rows[env_id].entry_point))
        for name in options:
            choose(allowed, name, "option")
    try:
        env = gym.make(env_id, **options).unwrapped
    except TypeError as error:
        raise ValueError(f"{env_id}: {error}") from error
    if not isinstance(env, CompilerEnv):
        raise ValueError(f"{env_id!r} is not a GymCC environment")
    return env


def _options(entry_point: str) -> list[str]:
    """The names that an environment's maker and :class:`CompilerEnv` take."""
    module, name = entry_point.split(":")
    signatures = [inspect.signature(takes) for takes in (getattr(import_module(module), name), CompilerEnv.__init__)]
    parameters = [parameter for signature in signatures for parameter in signature.parameters.values()]
    return [each.name for each in parameters if each.kind is not each.VAR_KEYWORD and each.name not in FIXED]
