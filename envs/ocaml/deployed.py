"""The environment over one file that a compiler is at work on, for a policy to decide in; nothing has a cost there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.ocaml.backend import Decisions
from gymcc.envs.ocaml.backends.compiler.unit import Unit
from gymcc.envs.ocaml.observations import observations
from gymcc.envs.ocaml.problem import OcamlInline
from gymcc.envs.ocaml.state import InlineState

INSTANCE = "own/file"
OPTIONS = ("mode", "max_depth", "max_nodes")  # of the environment, that decide how a file is walked through


class OneFile:
    """A file's decisions by one instance id, as :class:`gymcc.envs.ocaml.compilers.Compilers` has it."""

    deterministic = True

    def __init__(self, unit: Unit) -> None:
        self.unit = unit

    def backend(self, instance: str) -> Unit:
        """The file."""
        return self.unit

    def profile(self, instance: str) -> None:
        """Not counted: compilers do not run what they compile."""

    def check(self, instance: str, decisions: Decisions) -> None:
        """Raises :class:`gymcc.envs.core.problem.BackendError`: files are not run."""
        self.unit.cost(decisions)

    def sources(self, instance: str, decisions: Decisions) -> Mapping[str, str]:
        """None: syntax trees come in, syntax trees go out."""
        return {}

    def versions(self) -> dict[str, str]:
        """Of the compiler."""
        return self.unit.versions()


def file_env(unit: Unit, options: Mapping[str, Any]) -> CompilerEnv[InlineState]:
    """The environment whose only instance, :data:`INSTANCE`, is a file; ``options`` as of that trained in."""
    problem = OcamlInline(OneFile(unit), {}, **{name: options[name] for name in OPTIONS if name in options})
    return CompilerEnv(problem, observations(problem), (INSTANCE,))
