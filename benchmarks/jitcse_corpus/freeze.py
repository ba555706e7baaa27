"""The frozen set: methods of Python's own library that have a common subexpression, compressed, with a card."""

from __future__ import annotations

import gzip
import json
import platform
import shutil
import sysconfig
from collections import Counter
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import Any

from gymcc.benchmarks.jitcse_corpus import from_python
from gymcc.envs.jitcse.frontend import analyse
from gymcc.envs.jitcse.ir import Method
from gymcc.envs.jitcse.text import write

NAME = "python-stdlib"
WITHOUT = ("test", "site-packages")  # Python's regression tests, and what is installed but not Python's
FEW, MANY = 3, 16  # jitml's filter
REVISED = (
    "Revised once after its landscape was seen: at first the stock heuristic was optimal for 70, 51, 46, 29 and 29 "
    "% of the methods with 1 to 5 candidates and left 4.9 % of PerfScore on those with 3 to 16, nearly all of it "
    "addresses of types and texts that it kept across calls. Since then an address has RyuJIT's cost (2, not 3); "
    "texts, characters, constants, tuples, delegates and the classes of collections are lowered as C# has them, "
    "which takes fewer addresses; and what is hoisted must find a register, as in RyuJIT. Each of these follows a "
    "rule of C# or RyuJIT; none has a number that was tuned."
)


def freeze(library: Path, out: Path) -> dict[str, Any]:
    """Write ``python-stdlib.ir.gz``, ``python-stdlib.json`` and Python's licence to ``out``; returns the card.

    The bytes depend only on the sources, the front end and zlib's version. Raises ValueError if ``library`` has no
    Python files or no licence.
    """
    licence = next((path for path in (library / "LICENSE.txt", library / "LICENSE") if path.is_file()), None)
    if licence is None:
        raise ValueError(f"{library} has no LICENSE.txt: the methods made of it could not be given on")
    skipped: Counter[str] = Counter()
    lines, counts = _kept(from_python(library, without=WITHOUT, skipped=skipped))
    text = "".join(f"{line}\n" for line in lines).encode()
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{NAME}.ir.gz").write_bytes(gzip.compress(text, 9, mtime=0))
    shutil.copyfile(licence, out / f"{NAME}.LICENSE.txt")
    facts = _card(text, counts, skipped)
    (out / f"{NAME}.json").write_text(json.dumps(facts, indent=2) + "\n")
    return facts


def _kept(methods: Iterable[Method]) -> tuple[list[str], list[int]]:
    """A line for each method with a candidate, the first of those that differ in name only; and all numbers found."""
    lines: dict[str, str] = {}
    counts = []
    for method in methods:
        line = write(method)
        content = line.removeprefix(method.name)
        found = len(analyse(method).candidates)
        if found == 0 or content not in lines:
            counts.append(found)
        if found:
            lines.setdefault(content, line)
    return list(lines.values()), counts


def _card(text: bytes, counts: list[int], skipped: Counter[str]) -> dict[str, Any]:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return {
        "name": NAME,
        "description": "Functions of Python's standard library, lowered as a C# compiler would, that have a candidate.",
        "made_by": "python -m gymcc.benchmarks.jitcse_corpus OUT",
        "made_from": f"{python}, Lib without {', '.join(WITHOUT)}",
        "attribution": "Derived from the standard library of Python, copyright (c) Python Software Foundation; all "
        f"rights reserved. Licence in {NAME}.LICENSE.txt. Changed: translated to an intermediate representation.",
        "licence": "PSF-2.0",
        "revised": REVISED,
        "functions_lowered": len(counts),
        "left_out": dict(sorted(skipped.items())),
        "methods": sum(count > 0 for count in counts),
        f"methods_with_{FEW}_to_{MANY}_candidates": sum(FEW <= count <= MANY for count in counts),
        "methods_by_candidates": {str(number): times for number, times in sorted(Counter(counts).items())},
        "bytes": len(text),
        "checksum": blake2b(text, digest_size=16).hexdigest(),
    }


def standard_library() -> Path:
    """Where this interpreter's library lies."""
    return Path(sysconfig.get_paths()["stdlib"])
