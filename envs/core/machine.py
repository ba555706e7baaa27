"""What machine this is: the part of a measured record that says where its seconds were seen."""

from __future__ import annotations

import platform
from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=1)
def fingerprint() -> dict[str, str]:
    """Processor model, architecture and operating system; the same on every call."""
    return {"cpu": _cpu_model(), "machine": platform.machine(), "system": platform.system()}


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown")
