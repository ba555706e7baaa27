"""Ways in which a stub misbehaves, for tests of whoever must cope: ``crash``, ``crash@3,7`` or ``crash@3*1``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

MODES = {
    "fails": "the method does not compile: no report, status 1",
    "missing": "the collection lacks data: no report, status 2",
    "slow": "answers, but after three seconds",
    "silent": "never answers",
    "crash": "dies by SIGSEGV in the middle of the report",
    "exits": "ends with status 3 and a message before the report",
    "truncated": "half a report, then done",
    "garbled": "a report with other characters in it, then done",
    "another": "the report of another method",
    "chatter": "prints lines without end",
    "twice": "a first report of the method with fewer optimisations, then the one that holds",
    "noise": "answers, with other lines around the report",
}
_TEXT = re.compile(r"(?P<mode>[a-z]+)(@(?P<methods>\d+(,\d+)*))?(\*(?P<times>\d+))?")


@dataclass(frozen=True, slots=True)
class Fault:
    """``mode`` befalls requests for ``methods`` (empty: all), the first ``times`` of them (0: always)."""

    mode: str
    methods: tuple[int, ...] = ()
    times: int = 0

    def __str__(self) -> str:
        methods = "@" + ",".join(map(str, self.methods)) if self.methods else ""
        return self.mode + methods + (f"*{self.times}" if self.times else "")

    def befalls(self, index: int, diary: Path) -> bool:
        """Whether the fault occurs now; ``diary`` is a file in which processes of a stub note how often it did."""
        if self.methods and index not in self.methods:
            return False
        if not self.times:
            return True
        seen = diary.read_text().splitlines().count(str(self)) if diary.exists() else 0
        if seen >= self.times:
            return False
        with diary.open("a") as file:
            file.write(f"{self}\n")
        return True


def parse_fault(text: str) -> Fault:
    """Read ``MODE[@METHOD,METHOD...][*TIMES]``. Raises ValueError."""
    found = _TEXT.fullmatch(text)
    if found is None or found["mode"] not in MODES:
        raise ValueError(f"a fault is MODE[@METHOD,...][*TIMES] with MODE of {', '.join(MODES)}; got {text!r}")
    methods = tuple(map(int, found["methods"].split(","))) if found["methods"] else ()
    return Fault(found["mode"], methods, int(found["times"] or 0))
