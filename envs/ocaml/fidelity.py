"""How well the simulator tells what real compilers make of the shipped programs, ``data/fidelity.json``.

``gymcc bench ocaml-fidelity --keep`` writes it; figures are of the version of the simulator that they name.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path as File
from typing import Any, TypeAlias

FIGURES = File(__file__).parent / "data" / "fidelity.json"

Row: TypeAlias = Mapping[str, Any]


@cache
def shipped_fidelity() -> Mapping[str, Mapping[str, Any]]:
    """By middle end: ``versions`` of simulator and compiler, ``summary`` rows and ``programs``, a row for each mode."""
    return _read(FIGURES)


def write_fidelity(
    middle_end: str, versions: Mapping[str, str], summary: Sequence[Row], programs: Sequence[Row], file: File = FIGURES
) -> None:
    """Put new figures of one middle end in place of the old ones."""
    found = _read(file) | {middle_end: {"versions": versions, "summary": summary, "programs": programs}}
    temporary = file.with_suffix(".part")
    temporary.write_text(_text(found), encoding="utf-8")
    os.replace(temporary, file)
    shipped_fidelity.cache_clear()


def facts(middle_end: str) -> dict[str, str]:
    """What the card of the programs says of it: the summary, then each program; nothing where nobody has measured."""
    found = shipped_fidelity().get(middle_end)
    if found is None:
        return {}
    told = {
        f"fidelity {row['what']}": f"{row['value']:.3f} over {row['programs']} programs" for row in found["summary"]
    }
    told["fidelity measured with"] = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    lines: dict[str, list[str]] = {}
    for row in found["programs"]:
        lines.setdefault(row["program"], []).append(_line(row))
    return told | {f"fidelity {program}": "; ".join(each) for program, each in lines.items()}


def _line(row: Row) -> str:
    rank = "nothing to rank" if row["spearman"] is None else f"Spearman {row['spearman']:.2f}"
    signs = f", signs {row['agrees']} of {row['flips']}" if row["flips"] else ""
    return f"{row['mode']} mode {rank} over {row['vectors']}{signs}"


def _read(file: File) -> dict[str, Mapping[str, Any]]:
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}


def _text(found: Mapping[str, Mapping[str, Any]]) -> str:
    """JSON with a line for each row."""
    parts = []
    for name, figures in sorted(found.items()):
        rows = ", ".join(
            f'"{what}": [\n' + ",\n".join(json.dumps(row) for row in figures[what]) + "\n]"
            for what in ("summary", "programs")
        )
        parts.append(f'{json.dumps(name)}: {{"versions": {json.dumps(figures["versions"])}, {rows}}}')
    return "{\n" + ",\n".join(parts) + "\n}\n"
