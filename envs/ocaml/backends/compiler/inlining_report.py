"""What Flambda says of every call it considered: the files ``-inlining-report`` writes, one for each of its rounds.

A call is named by its inlining path, the places of the calls in whose copied bodies it stands and its own. The figures
are Flambda's own: operations that inlining removes, and the growth of the code in its units of size.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

Place: TypeAlias = tuple[str, int, int, int]  # file, line, columns where the application begins and ends

ROUNDS = 8  # more than any option asks for
_HEADING = re.compile(r"^\*+ (?P<title>.*)$", re.MULTILINE)
_APPLICATION = re.compile(r"Application of (?P<name>.*)/\d+\{(?P<path>[^{}]*)\}")
_PLACE = re.compile(r"(?P<file>.*):(?P<line>\d+),(?P<start>\d+)-(?P<end>-?\d+)")
_SAID = re.compile(r"This function was (?P<what>[^.]*?) because (?P<why>[^.]*)\.|This function was (?P<rest>[^.]*)\.")
_REMOVED = re.compile(r"\|\s*Calls.*?\n[^\n]*\n\s*\|(?P<counts>[\s\d|]+?)\|\s*\n", re.DOTALL)
_GROWTH = re.compile(r"new code has size (?P<size>-?\d+), giving a change in code size of (?P<change>-?\d+)")


@dataclass(frozen=True, slots=True)
class Benefit:
    """What Flambda expected of inlining a call."""

    calls: int  # operations removed, as the next four
    allocations: int
    primitives: int
    branches: int
    indirect_calls: int
    size: int  # of the new code
    growth: int


@dataclass(frozen=True, slots=True)
class Considered:
    """What became of one call in one round."""

    function: str
    path: tuple[Place, ...]  # outermost first
    inlined: bool
    specialised: bool
    reason: str
    benefit: Benefit | None  # where Flambda weighed it


def parse_report(text: str) -> tuple[Considered, ...]:
    """The calls of one file, in its order."""
    return tuple(_considered(text))


def _considered(text: str) -> Iterator[Considered]:
    headings = list(_HEADING.finditer(text))
    bodies = [text[a.end() : b.start()] for a, b in pairwise(headings)]
    bodies += [text[headings[-1].end() :]] if headings else []
    titles = [heading["title"] for heading in headings]
    for number, (title, body) in enumerate(zip(titles, bodies, strict=True)):
        if found := _APPLICATION.fullmatch(title):
            yield _read(found, body, _weighed(titles, bodies, number + 1))


def _weighed(titles: list[str], bodies: list[str], start: int) -> str:
    """The calculation that belongs to the call before ``start``: of those right after it the one about inlining."""
    for number in range(start, min(start + 2, len(titles))):
        if titles[number] == "Inlining benefit calculation":
            return bodies[number]
        if titles[number] != "Specialising benefit calculation":
            break
    return ""


def _read(found: re.Match[str], body: str, weighed: str) -> Considered:
    said = [(each["what"] or each["rest"], each["why"] or "") for each in _SAID.finditer(" ".join(body.split()))]
    verdicts = dict(said)
    reason = next((why for what, why in said if "inlin" in what), "")
    path = tuple(_place(text) for text in found["path"].split(";") if text)
    return Considered(found["name"], path, "inlined" in verdicts, "specialised" in verdicts, reason, _benefit(weighed))


def _place(text: str) -> Place:
    found = _PLACE.fullmatch(text)
    if found is None:
        return text, 0, 0, 0
    return found["file"], int(found["line"]), int(found["start"]), int(found["end"])


def _benefit(text: str) -> Benefit | None:
    removed, growth = _REMOVED.search(text), _GROWTH.search(" ".join(text.split()))
    if removed is None or growth is None:
        return None
    calls, allocations, primitives, branches, indirect_calls = (
        int(word) for word in removed["counts"].split("|") if word.strip()
    )
    size, change = int(growth["size"]), int(growth["change"])
    return Benefit(calls, allocations, primitives, branches, indirect_calls, size, change)
