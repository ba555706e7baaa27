"""Reading superpmi's replies: facts by name, whatever else a version of the JIT prints around them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from gymcc.envs.jitcse.backends.superpmi.report import SATURATED, Heuristic, Hook, Report, Sampled, Tail, Update

DONE = "[streaming] Done."
REPORT = "; Total bytes of code "
SHOWN = 160  # characters of a malformed line that the message quotes
_TAIL = re.compile(r"num cand \d+(?P<tail>.*?)(?: spmi index \d+)? \(MethodHash=[0-9a-fA-F]+\)$")
_HEURISTIC = re.compile(
    r"(?P<name>[A-Z][\w ()-]*?)(?: seq (?P<seq>[\d,]+))?"
    r"(?: likelihoods (?P<likelihoods>\S+) baseLikelihoods (?P<base>\S+))?"
    r"(?: updatedparams (?P<parameters>[-+.\deE, ]*\d)(?:, features (?P<features>.*))?)?"
)
_HOOK_WORDS = ("featureNames ", "methodFeatureNames ", "method,", "features #", "seq ")


class MalformedReply(ValueError):
    """A reply that is not in the grammar; the message says what is missing and quotes the line."""


@dataclass(frozen=True, slots=True)
class Reply:
    """All that came back for one request."""

    report: Report | None  # None: the method was not compiled, or its report is in no shape to be recognised
    status: int | None  # 0 success, 1 error, 2 missing data; None before superpmi told it (early 2024)
    said: tuple[str, ...] = ()  # all other lines


def is_done(line: str) -> bool:
    """Whether ``line`` ends a reply."""
    return line.startswith(DONE)


def parse_reply(lines: Sequence[str]) -> Reply:
    """Read the lines of one reply, the closing one included; of several reports the last holds.

    A method that is compiled again with fewer optimisations reports twice. Raises :class:`MalformedReply`.
    """
    if not lines or not is_done(lines[-1]):
        raise MalformedReply(f"the reply does not end with {DONE!r}")
    status = re.fullmatch(re.escape(DONE) + r"(?: Status=(-?\d+))?\s*", lines[-1])
    if status is None:
        _fail("no `Status=<number>` after it", lines[-1])
    reports = [line for line in lines if line.startswith(REPORT)]
    others = tuple(line for line in lines[:-1] if not line.startswith(REPORT))
    code = status.group(1)
    return Reply(parse_report(reports[-1]) if reports else None, None if code is None else int(code), others)


def parse_report(line: str) -> Report:
    """Read a report line. Raises :class:`MalformedReply`."""
    head, found, method = line.rstrip().partition(" for method ")
    name, opened, tier = method.rpartition(" (")
    tail = _TAIL.search(head)
    if not found or not opened or not tier.endswith(")") or tail is None:
        _fail("it should end with `(MethodHash=...) for method NAME (TIER)`", line)
    index = re.search(r" spmi index (\d{1,9})(?!\d)", head, re.ASCII)
    score = float(_fact(r"PerfScore (\d{1,18}\.\d{1,6})", head))
    return Report(
        index=int(index.group(1)) if index else 0,
        name=name,
        method_hash=_fact(r" \(MethodHash=([0-9a-fA-F]{1,8})\)", head).lower(),
        tier=tier[:-1],
        perf_score=score,
        code_size=_count("Total bytes of code", head),
        prolog_size=_count("prolog size", head),
        instructions=_count("instruction count", head),
        allocated=_count("allocated bytes for code", head),
        num_cse=_count("num cse", head),
        num_cand=_count("num cand", head),
        tail=_tail(tail.group("tail").strip(), line),
    )


def _fail(what: str, line: str) -> NoReturn:
    raise MalformedReply(f"{what} in {line[:SHOWN]!r}{'...' if len(line) > SHOWN else ''}")


def _count(name: str, head: str) -> int:
    return int(_fact(name + r" (\d{1,18})", head))


def _fact(pattern: str, head: str) -> str:
    """What stands at the name in ``pattern``, as a whole word."""
    found = re.search(pattern + r"(?![\w.])", head, re.ASCII)
    if found is None:
        _fail(f"no `{re.sub(r'[^a-zA-Z ]+.*', '', pattern).strip() or 'MethodHash'}`", head)
    return found.group(1)


def _tail(tail: str, line: str) -> Tail:
    try:
        if not tail:
            return None
        return _hook(iter(tail.split(" "))) if tail.startswith(_HOOK_WORDS) else _heuristic(tail)
    except ValueError as error:
        _fail(f"{error} after `num cand`", line)


def _heuristic(tail: str) -> Heuristic | Sampled | Update:
    found = _HEURISTIC.fullmatch(tail)
    if found is None:
        raise ValueError("neither a heuristic nor features")
    sequence = _sequence(found["seq"])
    if found["likelihoods"]:
        base = _floats(found["base"].split(","))
        return Sampled(sequence, _floats(found["likelihoods"].split(",")), _pairs(base))
    if found["parameters"]:
        return Update(sequence, _floats(re.split(r"[, ]+", found["parameters"])), found["features"] or "")
    return Heuristic(found["name"], sequence)


def _sequence(text: str | None) -> tuple[int, ...]:
    """Performed candidates: the list in the JIT is closed by a 0."""
    if text is None:
        return ()
    numbers = _integers(text)
    if numbers[-1] != 0 or 0 in numbers[:-1]:
        raise ValueError(f"sequence {text} is not closed by one 0")
    return numbers[:-1]


def _hook(words: Iterator[str]) -> Hook:
    rows: list[tuple[int, ...]] = []
    names, method_names, method, sequence = ("",) * 4
    for word in words:
        if word == "featureNames":
            names = next(words, "")
        elif word == "methodFeatureNames":
            method_names = next(words, "")
        elif word.startswith("method,"):
            method = word.removeprefix("method,")
        elif word == "features":
            rows.append(_features(next(words, "").removeprefix("#"))[1:])  # after the candidate's number
        elif word == "seq":
            sequence = next(words, "")
        else:
            raise ValueError(f"unknown word {word[:40]!r}")
    return _checked(
        Hook(
            features=tuple(rows),
            sequence=_integers(sequence) if sequence else (),
            feature_names=tuple(names.split(",")) if names else (),
            method=_features(method) if method else (),
            method_names=tuple(method_names.split(",")) if method_names else (),
        )
    )


def _checked(hook: Hook) -> Hook:
    widths = {len(row) for row in hook.features} | ({len(hook.feature_names)} if hook.feature_names else set())
    if hook.features and len(widths) > 1:
        raise ValueError(f"rows of {', '.join(map(str, sorted(widths)))} features")
    if hook.method_names and len(hook.method_names) != len(hook.method):
        raise ValueError(f"{len(hook.method)} method features for {len(hook.method_names)} names")
    if len(set(hook.feature_names)) != len(hook.feature_names):
        raise ValueError("feature names that repeat")
    return hook


def _features(text: str) -> tuple[int, ...]:
    """Features of early builds overflow to INT_MIN on hot methods; they are counts and weights, never negative."""
    return tuple(number if number >= 0 else SATURATED for number in _integers(text))


def _integers(text: str) -> tuple[int, ...]:
    if not re.fullmatch(r"-?\d{1,19}(,-?\d{1,19})*", text, re.ASCII):
        raise ValueError(f"{text[:40]!r} is no list of integers")
    return tuple(int(number) for number in text.split(","))


def _floats(texts: Iterable[str]) -> tuple[float, ...]:
    return tuple(float(text) for text in texts)


def _pairs(flat: tuple[float, ...]) -> tuple[tuple[int, float], ...]:
    if len(flat) % 2:
        raise ValueError("baseLikelihoods are not pairs")
    return tuple((int(flat[at]), flat[at + 1]) for at in range(0, len(flat), 2))
