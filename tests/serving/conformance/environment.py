"""SmartRedis 0.6.1 and SmartSim 0.8.0 in an environment of their own, for they need numpy 1 and Python 3.11 at most."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DATA = HERE.parents[1] / "data" / "serving"
PACKAGES = ("smartredis==0.6.1", "smartsim==0.8.0", "numpy==1.26.4")
PATIENT = 600  # seconds


class NoPython(RuntimeError):
    """There is no Python that SmartRedis can be installed for."""


def installed() -> Path:
    """The Python that has them; they are installed once, in the user's cache. Raises :class:`NoPython`."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gymcc"
    folder, python = cache / "smartredis", cache / "smartredis" / "bin" / "python"
    done = folder / "installed"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "smartredis.lock").open("w") as lock:  # tests may run side by side
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists() or done.read_text() != " ".join(PACKAGES):
            shutil.rmtree(folder, ignore_errors=True)
            _run([_python_3_11(), "-m", "venv", folder])
            _run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES])
            done.write_text(" ".join(PACKAGES))
    return python


def _python_3_11() -> str:
    if sys.version_info[:2] == (3, 11):
        return sys.executable
    found = shutil.which("python3.11")
    if not found:
        raise NoPython("SmartRedis 0.6.1 is built for Python 3.11 at most, and there is no python3.11 here")
    return found


def environ_for(python: Path, **more: str) -> dict[str, str]:
    """What a program run by ``python`` sees: nothing of ours, unless it is our own Python."""
    environ = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "SR_LOG_LEVEL": "QUIET"}
    environ |= {"SR_SOCKET_TIMEOUT": "30000", "OMP_NUM_THREADS": "1"}
    if python == Path(sys.executable):
        environ["PYTHONPATH"] = str(HERE.parents[2])
    return environ | more


def _run(command: list[str | Path], environ: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        list(map(str, command)), env=environ, capture_output=True, text=True, timeout=PATIENT, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: {(done.stdout + done.stderr)[-3000:]}")
    return done.stdout


def program(python: Path, name: str, *arguments: str | Path, **environ: str) -> str:
    """Run a program of this folder by ``python``; what it writes."""
    return _run([python, HERE / f"{name}.py", *arguments], environ_for(python, **environ))


def every_method(python: Path, address: str, mode: str, folder: Path) -> list[Any]:
    """What the client of ``python`` sees when all its methods are called; ``folder`` is for its files."""
    for model in ("double.onnx", "double.pt"):
        shutil.copy(DATA / model, folder)
    program(python, "every_method", address, mode, folder, SSDB=address)
    seen: list[Any] = json.loads((folder / "seen.json").read_text())
    return seen
