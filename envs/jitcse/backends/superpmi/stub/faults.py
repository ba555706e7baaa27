"""Ways in which a stub misbehaves, for tests of whoever must cope: ``crash``, ``crash@3,7``, ``crash@3*1+9``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

MODES = {
    "fails": "the method does not compile: no report, status 1",
    "missing": "the collection lacks data: no report, status 2",
    "slow": "answers, but after three seconds",
    "silent": "hangs: never answers, nor sees the end of its input",
    "crash": "dies by SIGSEGV in the middle of the report",
    "exits": "ends with status 3 and a message before the report",
    "truncated": "half a report, then done",
    "garbled": "a report with other characters in it, then done",
    "another": "the report of another method",
    "chatter": "prints lines without end",
    "twice": "a first report of the method with fewer optimisations, then the one that holds",
    "noise": "answers, with other lines around the report",
}
_TEXT = re.compile(r"(?P<mode>[a-z]+)(@(?P<methods>\d+(,\d+)*))?(\*(?P<times>\d+))?(\+(?P<after>\d+))?")


@dataclass(frozen=True, slots=True)
class Fault:
    """``mode`` befalls ``times`` (0: all) of the requests for ``methods`` (empty: all), the first ``after`` aside."""

    mode: str
    methods: tuple[int, ...] = ()
    times: int = 0
    after: int = 0

    def __str__(self) -> str:
        methods = "@" + ",".join(map(str, self.methods)) if self.methods else ""
        return self.mode + methods + (f"*{self.times}" if self.times else "") + (f"+{self.after}" if self.after else "")

    def befalls(self, index: int, diary: Path) -> bool:
        """Whether the fault occurs now; ``diary`` is a file in which processes of a stub note how often it could."""
        if self.methods and index not in self.methods:
            return False
        if not self.times and not self.after:
            return True
        seen = diary.read_text().splitlines().count(str(self)) if diary.exists() else 0
        if seen < self.after + self.times:
            with diary.open("a") as file:
                file.write(f"{self}\n")
        return seen >= self.after and (not self.times or seen < self.after + self.times)


def parse_fault(text: str) -> Fault:
    """Read ``MODE[@METHOD,METHOD...][*TIMES][+AFTER]``. Raises ValueError."""
    found = _TEXT.fullmatch(text)
    if found is None or found["mode"] not in MODES:
        raise ValueError(f"a fault is MODE[@METHOD,...][*TIMES][+AFTER] with MODE of {', '.join(MODES)}; got {text!r}")
    methods = tuple(map(int, found["methods"].split(","))) if found["methods"] else ()
    return Fault(found["mode"], methods, int(found["times"] or 0), int(found["after"] or 0))
