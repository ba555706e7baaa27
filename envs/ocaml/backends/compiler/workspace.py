"""Programs run one after the other on files in a temporary folder of their own; see :mod:`.job` for how."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gymcc.envs.core.toolchain import Limits, Tool, ToolDied, ToolTimeout, run

JOB = Path(__file__).with_name("job.py")
SPARE_SECONDS = 30.0  # for everything but the steps: starting, copying files
LIMITS = Limits(file=64 * 2**20)
MAX_BYTES = 512 * 2**20  # of the result: a few files and the output of each step


@dataclass(frozen=True, slots=True)
class Step:
    """One program to run: ``tool`` with ``arguments``, in the folder of the files; its path may be relative to that."""

    tool: Tool
    arguments: tuple[str, ...]
    seconds: float
    environment: Mapping[str, str]  # all of it
    stdin: bytes = b""
    required: bool = True  # whether all ends where it fails


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step left."""

    out: bytes
    errors: str
    user_seconds: float


@dataclass(frozen=True, slots=True)
class Done:
    """What all steps left, and the files that were asked for and are there."""

    steps: tuple[Outcome, ...]
    files: dict[str, bytes]


def work(files: Mapping[str, bytes], steps: Sequence[Step], keep: Sequence[str] = ()) -> Done:
    """Put ``files`` into a new folder, run ``steps`` there, return the files ``keep``; nothing else is left.

    Raises :class:`ToolTimeout` for a step that takes longer than its seconds and :class:`ToolDied` for one that fails;
    both name the step's tool.
    """
    job = {
        "files": {name: _encoded(content) for name, content in files.items()},
        "steps": [_described(step) for step in steps],
        "keep": list(keep),
    }
    worker = Tool("python", Path(sys.executable), "install Python")
    seconds = sum(step.seconds for step in steps) + SPARE_SECONDS
    finished = run(
        worker,
        ["-I", "-S", str(JOB)],
        seconds=seconds,
        stdin=json.dumps(job).encode(),
        limits=LIMITS,
        max_bytes=MAX_BYTES,
    )
    result = json.loads(finished.out)
    outcomes = tuple(_outcome(step, found) for step, found in zip(steps, result["steps"], strict=False))
    return Done(outcomes, {name: base64.b64decode(content) for name, content in result["files"].items()})


def _described(step: Step) -> dict[str, Any]:
    path = step.tool.path if step.tool.path.is_absolute() else f"./{step.tool.path}"
    return {
        "command": [str(path), *step.arguments],
        "seconds": step.seconds,
        "environment": dict(step.environment),
        "stdin": _encoded(step.stdin),
        "required": step.required,
    }


def _outcome(step: Step, found: dict[str, Any]) -> Outcome:
    errors = base64.b64decode(found["errors"]).decode(errors="replace")
    if found["late"] and step.required:
        raise ToolTimeout(step.tool, f"did not finish within {step.seconds:g} s")
    if found["status"] != 0 and step.required:
        raise ToolDied(step.tool, found["status"], errors)
    return Outcome(base64.b64decode(found["out"]), errors, found["user_seconds"])


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()
