"""Python files; they are parsed, never run."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Collection
from pathlib import Path

MAX_BYTES = 4 * 2**20  # of a file
_FOREIGN = re.compile(r"[^A-Za-z0-9_.]")


def python_files(folder: Path, without: Collection[str] = ()) -> list[Path]:
    """The files below a folder in order of their paths, save those in its sub-folders ``without``."""
    found = sorted(folder.rglob("*.py"), key=lambda path: path.relative_to(folder).as_posix())
    return [path for path in found if path.relative_to(folder).parts[0] not in without and path.is_file()]


def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file; raises ValueError if it is too large or no Python of this version."""
    if path.stat().st_size > MAX_BYTES:
        raise ValueError("file too large")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of invalid escapes and such
        try:
            return ast.parse(path.read_bytes())
        except (SyntaxError, RecursionError, MemoryError) as error:
            raise ValueError("file does not parse") from error


def module_name(path: Path, folder: Path) -> str:
    """``json/decoder.py`` is ``json.decoder``, ``json/__init__.py`` is ``json``."""
    parts = path.relative_to(folder).with_suffix("").parts
    kept = parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts
    return _FOREIGN.sub("_", ".".join(kept))
