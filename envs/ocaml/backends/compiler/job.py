"""Runs programs one after the other in a folder that goes away with them.

A program of its own (``python -I -S job.py``), started through the launcher of :mod:`gymcc.envs.core.toolchain`: the
launcher kills it with all that it started, and then removes the folder, whatever becomes of the process that asked.
The job comes as JSON on standard input and the result leaves as JSON on standard output, bytes in base64:
``{"files": {name: bytes}, "steps": [{"command", "seconds", "environment", "stdin", "required"}], "keep": [name]}``
becomes ``{"steps": [{"status", "late", "out", "errors", "user_seconds"}], "files": {name: bytes}}``.
The first required step that fails is the last.
"""

from __future__ import annotations

import base64
import json
import os
import resource
import subprocess
import sys
from typing import Any

CANNOT_RUN = 127  # as of a shell


def main() -> None:
    """Do the job on standard input, in the current folder."""
    job = json.load(sys.stdin)
    for name, content in job["files"].items():
        os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
        with open(name, "wb") as file:
            file.write(base64.b64decode(content))
        os.chmod(name, 0o755)  # noqa: S103 - some are programs to run, and the folder is private
    steps = []
    for step in job["steps"]:
        steps.append(_run(step))
        if step["required"] and steps[-1]["status"] != 0:
            break
    kept = {name: _read(name) for name in job["keep"] if os.path.exists(name)}
    json.dump({"steps": steps, "files": kept}, sys.stdout)


def _run(step: dict[str, Any]) -> dict[str, Any]:
    """One program, its output in files, since what it writes is bounded by the limit on files."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    late = False
    with open(".out", "wb") as out, open(".errors", "wb") as errors, open(".in", "wb+") as standard_input:
        standard_input.write(base64.b64decode(step["stdin"]))
        standard_input.seek(0)
        try:
            process = subprocess.Popen(
                step["command"], stdin=standard_input, stdout=out, stderr=errors, env=step["environment"]
            )
        except OSError as error:
            errors.write(f"cannot run {step['command'][0]}: {error}\n".encode())
            status = CANNOT_RUN
        else:
            status, late = _wait(process, step["seconds"])
    user_seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    return {
        "status": status,
        "late": late,
        "out": _read(".out"),
        "errors": _read(".errors"),
        "user_seconds": user_seconds,
    }


def _wait(process: subprocess.Popen[bytes], seconds: float) -> tuple[int, bool]:
    try:
        return process.wait(seconds), False
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait(), True


def _read(name: str) -> str:
    with open(name, "rb") as file:
        return base64.b64encode(file.read()).decode()


if __name__ == "__main__":
    main()
