"""The programs behind instance ids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path as File

from gymcc.envs.core.problem import UnknownInstance
from gymcc.envs.ocaml.generator import generate

PROGRAMS = File(__file__).parent / "programs"
_GENERATED = re.compile(r"gen/(0|[1-9][0-9]{0,17})")
_KEPT = 5_000  # generated programs
MAX_SOURCE = 2**20  # bytes


@dataclass(frozen=True, slots=True)
class Source:
    """A program: the text of one file, or where it lies: a folder, or files in the order in which they are linked."""

    name: str
    text: str = ""
    place: tuple[File, ...] = ()

    def __str__(self) -> str:
        return " ".join(map(str, self.place)) or self.name


class Library:
    """``<name>`` of a shipped program, ``gen/<seed>`` of the generator, and ``own``, one's own by id."""

    def __init__(self, own: Mapping[str, Source] | None = None) -> None:
        self.own = dict(own or {})

    def source(self, instance: str) -> Source:
        """The program of an id; raises :class:`UnknownInstance`."""
        if instance in self.own:
            return self.own[instance]
        if instance in shipped_texts():
            return Source(instance, shipped_texts()[instance])
        if match := _GENERATED.fullmatch(instance):
            return Source(f"gen_{match[1]}", _generated(int(match[1])))
        own = ", own/<name>" if self.own else ""
        raise UnknownInstance(f"unknown program {instance!r}; allowed: {', '.join(shipped_texts())}, gen/<seed>{own}")


@cache
def shipped_texts() -> Mapping[str, str]:
    """The programs that come with GymCC, by name."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(PROGRAMS.glob("*.ml"))}


def read_text(path: File) -> str:
    """The text of a file of OCaml; raises ValueError naming what is wrong with it."""
    try:
        if path.stat().st_size > MAX_SOURCE:
            raise ValueError(f"{path}: larger than {MAX_SOURCE} bytes")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {error}") from error


@lru_cache(_KEPT)
def _generated(seed: int) -> str:
    return generate(seed)
