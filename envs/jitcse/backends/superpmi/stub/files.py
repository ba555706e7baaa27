"""The files of a CORE_ROOT that are not what they seem: JSON for a JIT and a collection, scripts for programs."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gymcc.envs.jitcse.backends.superpmi.stub.faults import Fault, parse_fault

MARK = "gymcc superpmi stub"  # in every file, so that none is taken for the real thing
GUID = "67b6d06c-6f29-4b7e-9a3c-5e0a1d2c8f41"


@dataclass(frozen=True, slots=True)
class Jit:
    """What a JIT of a certain age can do."""

    metrics: bool = True  # prints the report line when asked to
    hook: bool = True  # knows JitRLHook
    extended: bool = False  # the hook prints the 2026 branch's features
    status: bool = True  # superpmi tells a status when done


JITS = {
    "release": Jit(metrics=False, hook=False),
    "early9": Jit(hook=False, status=False),  # February 2024
    "net9": Jit(status=False),
    "net10": Jit(),
    "2026": Jit(extended=True),
}


@dataclass(frozen=True, slots=True)
class Collection:
    """Methods 1 to ``methods``: those that the generator makes of the seeds from ``seed`` on."""

    path: Path
    methods: int
    seed: int
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class CoreRoot:
    """Where things were written."""

    core_root: Path
    collection: Path


def write_core_root(
    out: Path,
    methods: int = 200,
    seed: int = 0,
    jit: str = "net10",
    faults: Sequence[str] = (),
    collection_guid: str = GUID,
) -> CoreRoot:
    """Write ``superpmi``, ``mcs``, ``libclrjit.so`` and a collection into the folder ``out``, which is made.

    ``faults`` as :func:`parse_fault` reads them. Raises FileExistsError for a folder that exists, ValueError.
    """
    if jit not in JITS:
        raise ValueError(f"unknown JIT {jit!r}; allowed: {', '.join(JITS)}")
    if methods < 1 or seed < 0:
        raise ValueError(f"methods is a number from 1 and seed from 0, got {methods} and {seed}")
    checked = [str(parse_fault(text)) for text in faults]
    out.mkdir(parents=True)
    _script(out / "superpmi", "superpmi")
    _script(out / "mcs", "mcs")
    _write(out / "libclrjit.so", {"jit": jit})
    folder = out / "mch" / f"{collection_guid}.linux.x64"
    folder.mkdir(parents=True)
    collection = folder / "generated.linux.x64.checked.mch"
    _write(collection, {"methods": methods, "seed": seed, "faults": checked})
    return CoreRoot(out.absolute(), collection.absolute())


def read_jit(path: Path) -> Jit:
    """The JIT that a file plays. Raises ValueError."""
    return JITS[_read(path)["jit"]]


def read_collection(path: Path) -> Collection:
    """The collection that a file stands for. Raises ValueError."""
    body = _read(path)
    return Collection(path, body["methods"], body["seed"], tuple(parse_fault(text) for text in body["faults"]))


def _write(path: Path, body: dict[str, Any]) -> None:
    path.write_text(json.dumps({"mark": MARK, **body}) + "\n")


def _read(path: Path) -> dict[str, Any]:
    body = json.loads(path.read_text())
    if not isinstance(body, dict) or body.get("mark") != MARK:
        raise ValueError(f"{path} is no file of the stub")
    return body


def _script(path: Path, program: str) -> None:
    """A program that runs this package with the Python that wrote it."""
    module = "gymcc.envs.jitcse.backends.superpmi.stub"
    path.write_text(f'#!/bin/sh\n# {MARK}\nexec {shlex.quote(sys.executable)} -m {module} {program} "$@"\n')
    path.chmod(0o755)
