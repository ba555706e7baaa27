"""Python files and the functions in them; sources are parsed, never run."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gymcc.benchmarks.jitcse_corpus.scope import FunctionNode, ModuleNames, Scope, module_names, scope_of

MAX_BYTES = 4 * 2**20  # of a file
LEFT_OUT = frozenset({"test", "tests", "idle_test", "site-packages", "__pycache__"})  # folders
_FOREIGN = re.compile(r"[^A-Za-z0-9_.]")


@dataclass(frozen=True, slots=True)
class Source:
    """One function with its dotted name, module first."""

    name: str
    node: FunctionNode
    scope: Scope


def python_files(folder: Path) -> list[Path]:
    """The files below a folder in order of their paths, without tests and installed packages."""
    found = sorted(folder.rglob("*.py"), key=lambda path: path.relative_to(folder).as_posix())
    return [path for path in found if not LEFT_OUT & set(path.relative_to(folder).parts[:-1]) and path.is_file()]


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


def functions(tree: ast.Module, module: str) -> Iterator[Source]:
    """All functions and methods of a module in source order, inner ones after the one around them."""
    yield from _within(tree, module, module_names(tree), ())


def _within(node: ast.AST, name: str, module: ModuleNames, around: tuple[FunctionNode, ...]) -> Iterator[Source]:
    for child in ast.iter_child_nodes(node):
        inner = around
        below = name
        if isinstance(child, ast.ClassDef):
            below = f"{name}.{child.name}"
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            below = f"{name}.{getattr(child, 'name', 'lambda')}"
            yield Source(_FOREIGN.sub("_", below), child, scope_of(child, module, around))
            inner = (*around, child)
        yield from _within(child, below, module, inner)


def module_name(path: Path, folder: Path) -> str:
    """``json/decoder.py`` is ``json.decoder``, ``json/__init__.py`` is ``json``."""
    parts = path.relative_to(folder).with_suffix("").parts
    kept = parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts
    return _FOREIGN.sub("_", ".".join(kept))
