"""Methods from Python functions: ``from_python(folder)`` lowers what it can of the sources below a folder.

Nothing is run or imported; the sources are only parsed. What a C# compiler would make of the like: attributes are
field loads, subscripts bounds-checked elements, conditions short-circuit jumps, loops weigh 8 times as much.
``python -m gymcc.benchmarks.jitcse_corpus OUT`` makes the frozen set from Python's own library.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

from gymcc.benchmarks.jitcse_corpus.lowering import Unsupported, lower
from gymcc.benchmarks.jitcse_corpus.sources import module_name, parsed, python_files
from gymcc.benchmarks.jitcse_corpus.units import units
from gymcc.envs.jitcse.ir import Method
from gymcc.envs.jitcse.wellformed import Malformed, check


def from_python(
    folder: Path, prefix: str = "py", without: Collection[str] = (), skipped: Counter[str] | None = None
) -> Iterator[Method]:
    """The methods of all functions below a folder, named ``<prefix>/<module>.<qualified name>[#n]``.

    ``without`` names sub-folders to leave out. What cannot be lowered is left out and counted in ``skipped`` by
    reason. Raises ValueError for a folder without Python files.
    """
    files = python_files(folder, without) if folder.is_dir() else []
    if not files:
        raise ValueError(f"{folder} is no folder with Python files")
    names: Counter[str] = Counter()
    skipped = Counter() if skipped is None else skipped
    for path in files:
        try:
            tree = parsed(path)
        except ValueError as error:
            skipped[str(error)] += 1
            continue
        for unit in units(tree, module_name(path, folder)):
            names[unit.name] += 1
            number = f"#{names[unit.name]}" if names[unit.name] > 1 else ""
            try:
                method = lower(f"{prefix}/{unit.name}{number}", unit)
                check(method)
            except (Unsupported, Malformed, RecursionError) as error:
                skipped[_reason(error)] += 1
            else:
                yield method


def _reason(error: Exception) -> str:
    if isinstance(error, Unsupported):
        return str(error)
    return "tree too deep" if isinstance(error, RecursionError) or "deeper" in str(error) else f"malformed: {error}"
