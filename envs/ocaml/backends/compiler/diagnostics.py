"""What the compiler says: errors for people, and which calls it could not inline (warning 55)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PLACE = (
    r'File "(?P<file>[^"]*)", lines? (?P<line>\d+)(?:-(?P<end_line>\d+))?, characters (?P<column>\d+)-(?P<end>\d+):'
)
_EXCERPT = r"\s*\n(?:(?!File|Error|Fatal)[^\n]*\n)*"  # of the source, which not all of the compiler's parts leave out
_ERROR = re.compile(_PLACE + _EXCERPT + r"(?P<words>(?:Error|Fatal error)[^\n]*(?:\n(?!File)[^\n]*)*)")
_PLAIN_ERROR = re.compile(r"(?:Error|Fatal error): ")
_REFUSAL = re.compile(_PLACE + r"\s*\nWarning 55(?: \[[a-z-]*\])?: (?P<words>[^\n]*(?:\n(?!File)[^\n]*)*)")
MAX_WORDS = 400


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call that was to be inlined and was not; ``context`` is the clone that it stands in, 0 for the program."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    context: int
    reason: str

    @property
    def span(self) -> tuple[str, int, int, int, int]:
        """Where the application stands, as :attr:`Site.span`."""
        return self.file, self.line, self.column, self.end_line, self.end_column


def first_error(said: str) -> str:
    """The first error in what a compiler wrote, on one line with its place; empty if there is none."""
    if found := _ERROR.search(said):
        words = " ".join(found["words"].split())[:MAX_WORDS]
        return f"{found['file']}, line {found['line']}, characters {found['column']}-{found['end']}: {words}"
    found = _PLAIN_ERROR.search(said)
    return " ".join(said[found.start() :].split())[:MAX_WORDS] if found else ""


def refusals(said: str) -> tuple[Refusal, ...]:
    """The calls that warning 55 names, each once."""
    return tuple(dict.fromkeys(_refusal(found) for found in _REFUSAL.finditer(said)))


def _refusal(found: re.Match[str]) -> Refusal:
    file, _, context = found["file"].rpartition("/")[2].partition("#")
    line, reason = int(found["line"]), " ".join(found["words"].split()).removeprefix("Cannot inline: ")
    end_line = int(found["end_line"] or line)
    return Refusal(file, line, int(found["column"]), end_line, int(found["end"]), int(context or 0), reason)
