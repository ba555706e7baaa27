"""The frozen methods that come with GymCC and the best sets known of them, read when first asked for.

``data/python-stdlib.ir.gz`` is made by ``python -m gymcc.benchmarks.jitcse_corpus``, the best sets in
``data/python-stdlib.labels.gz`` by ``python -m gymcc.benchmarks.jitcse_labels``.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gymcc.envs.jitcse.analysis import Choice
from gymcc.envs.jitcse.ir import Method
from gymcc.envs.jitcse.text import read

DATA = Path(__file__).parent / "data"
METHODS, LABELS = DATA / "python-stdlib.ir.gz", DATA / "python-stdlib.labels.gz"


class _Lazy(Mapping[str, Method]):
    """Methods parsed when looked up: parsing all takes seconds."""

    def __init__(self, lines: Mapping[str, str]) -> None:
        self._lines, self._known = lines, dict[str, Method]()

    def __getitem__(self, instance: str) -> Method:
        if instance not in self._known:
            try:
                self._known[instance] = read(self._lines[instance])
            except ValueError as error:
                raise _damaged(METHODS, error) from error
        return self._known[instance]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)


@cache
def methods() -> Mapping[str, Method]:
    """The frozen methods by id."""
    return _Lazy({line.split("(", 1)[0]: line for line in _lines(METHODS)})


@dataclass(frozen=True, slots=True)
class Label:
    """What is known of a frozen method on the embedded x64 JIT."""

    candidates: int
    best: Choice  # the best set known
    proven: bool  # nothing is better


@cache
def labels() -> Mapping[str, Label]:
    """By id. A line is ``id candidates mask proven|unproven``, the set as a hexadecimal bit mask."""
    try:
        return dict(map(_label, _lines(LABELS)))
    except ValueError as error:
        raise _damaged(LABELS, error) from error


def _label(line: str) -> tuple[str, Label]:
    instance, count, mask, proven = line.split(" ")
    bits = int(mask, 16)
    best = frozenset(number for number in range(bits.bit_length()) if bits >> number & 1)
    return instance, Label(int(count), best, proven == "proven")


def _lines(path: Path) -> list[str]:
    try:
        return gzip.decompress(path.read_bytes()).decode().splitlines()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> ValueError:
    return ValueError(f"{path}, which comes with GymCC, is damaged: {error}; install GymCC again")
