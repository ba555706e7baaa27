"""How a program is run."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Words = str | Sequence[str]


@dataclass
class RunSettings:
    """A program, its arguments and variables, and what a cluster is asked for.

    ``exe``: a path, or a name on the search path; ``python`` is the interpreter that runs this. ``exe_args``: a list,
    or one string that is split as a shell would. ``run_args``: options of ``sbatch`` by their long names, such as
    ``{"time": "10:00", "partition": "debug"}``; the local launcher ignores them.
    """

    exe: str
    exe_args: Words = ()
    run_args: Mapping[str, str | int | None] = field(default_factory=dict)
    env_vars: Mapping[str, str | None] = field(default_factory=dict)

    def add_exe_args(self, args: Words) -> None:
        """Further arguments behind those there are."""
        self.exe_args = [*_split(self.exe_args), *_split(args)]

    def update_env(self, env_vars: Mapping[str, str | None]) -> None:
        """Further variables; None takes one away."""
        self.env_vars = {**self.env_vars, **env_vars}

    def command(self) -> list[str]:
        """Program and arguments; raises ValueError if there is no such program."""
        if self.exe in ("python", "python3"):
            return [sys.executable, *_split(self.exe_args)]
        found = shutil.which(self.exe)
        if found is None:
            raise ValueError(f"{self.exe}: no such program on the search path, nor an executable file")
        return [str(Path(found).absolute()), *_split(self.exe_args)]


def _split(words: Words) -> list[str]:
    return shlex.split(words) if isinstance(words, str) else [str(word) for word in words]
