"""Where a tool lies and which one it is."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gymcc.envs.core.toolchain.errors import ToolMissing
from gymcc.envs.core.toolchain.oneshot import run
from gymcc.envs.core.toolchain.tool import Tool

VERSION_SECONDS = 60.0


def find(name: str, install: str, *, path: Path | None = None, version: Sequence[str] = ()) -> Tool:
    """The program ``name`` at ``path`` or on the search path, asked its version with the arguments ``version``.

    ``install`` says how to get it. Raises :class:`ToolMissing` with that advice, and :class:`ToolError` where it does
    not tell its version.
    """
    found = shutil.which(path.absolute() if path else name)
    if found is None:
        sought = Tool(name, path or Path(name), install)
        where = f"not found at {path}" if path else "not found on the search path"
        raise ToolMissing(sought, f"{where}; {install}")
    tool = Tool(name, Path(found).absolute(), install)
    if not version:
        return tool
    said = run(tool, version, seconds=VERSION_SECONDS).out.decode(errors="replace").split("\n")
    return replace(tool, version=said[0].strip())
