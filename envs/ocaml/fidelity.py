"""How well the simulator tells what real compilers do with the shipped programs, ``data/fidelity.json``.

``gymcc bench ocaml-fidelity --keep`` makes it; figures hold for the version of the simulator that they were made with.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path as File
from typing import Any, TypeAlias

FIGURES = File(__file__).parent / "data" / "fidelity.json"

Rows: TypeAlias = Sequence[Mapping[str, Any]]


@cache
def shipped_fidelity() -> Mapping[str, Any]:
    """By middle end: ``versions`` of simulator and compiler, and the ``rows`` of programs."""
    return dict(json.loads(FIGURES.read_text(encoding="utf-8"))) if FIGURES.is_file() else {}


def write_fidelity(middle_end: str, rows: Rows, versions: Mapping[str, str], file: File = FIGURES) -> None:
    """Put new figures of one middle end in place of the old ones."""
    known = dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}
    known[middle_end] = {"versions": dict(versions), "rows": list(rows)}
    temporary = file.with_suffix(".part")
    temporary.write_text(_text(known), encoding="utf-8")
    os.replace(temporary, file)
    shipped_fidelity.cache_clear()


def _text(known: Mapping[str, Any]) -> str:
    """JSON with a line for each program."""
    parts = []
    for name, found in sorted(known.items()):
        rows = ",\n".join(json.dumps(row) for row in found["rows"])
        parts.append(f'{json.dumps(name)}: {{"versions": {json.dumps(found["versions"])}, "rows": [\n{rows}\n]}}')
    return "{\n" + ",\n".join(parts) + "\n}\n"
