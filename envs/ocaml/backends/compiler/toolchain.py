"""Which OCaml compiler there is, what it can do, and what counts instructions."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from gymcc.envs.core.toolchain import Tool, ToolMissing, find, run
from gymcc.envs.ocaml.backends.compiler.errors import WrongCompiler
from gymcc.envs.ocaml.backends.compiler.folders import cache_folder

OCAMLOPT = "GYMCC_OCAMLOPT"  # environment variable: path of the compiler to use instead of the one found
INSTALL = "install OCaml: apt-get install ocaml-nox, or opam (https://opam.ocaml.org)"
INSTALL_VALGRIND = "install valgrind: apt-get install valgrind"
INSTALL_FLAMBDA = "build one with `gymcc ocaml setup --flambda`, or take an opam switch with ocaml-option-flambda"
OLDEST, NEWEST = (4, 13), (5, 3)  # versions whose syntax trees the tool knows
MIDDLE_ENDS = ("closure", "flambda")
SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A native-code compiler and, if there is one, the counter of instructions."""

    ocamlopt: Tool
    version: tuple[int, int]
    middle_end: str  # closure or flambda
    config: str  # what the compiler says of itself
    library: Path  # its standard library
    valgrind: Tool | None

    @property
    def flambda(self) -> bool:
        """Whether decisions are ternary and what the optimiser learns while inlining is used."""
        return self.middle_end == "flambda"

    @property
    def counts(self) -> bool:
        """Whether costs are counted instructions; otherwise they are measured seconds."""
        return self.valgrind is not None


def private_flambda(folder: Path | None = None) -> Path:
    """Where ``gymcc ocaml setup --flambda`` puts its compiler."""
    return (folder or cache_folder()) / "flambda" / "bin" / "ocamlopt.opt"


def detect(middle_end: str = "", ocamlopt: Path | None = None) -> Toolchain:
    """The compiler at ``ocamlopt``, in $GYMCC_OCAMLOPT or on the search path, of the ``middle_end`` asked for if any.

    Where none is found that will do, or Flambda is asked for and the compiler found is not that, the private one is
    taken. Raises :class:`ToolMissing` and :class:`WrongCompiler`, both with advice, and ValueError for another middle
    end's name.
    """
    if middle_end and middle_end not in MIDDLE_ENDS:
        raise ValueError(f"unknown middle end {middle_end!r}; known: {', '.join(MIDDLE_ENDS)}")
    named = ocamlopt or (Path(os.environ[OCAMLOPT]) if os.environ.get(OCAMLOPT) else None)
    private = private_flambda()
    try:
        found = _examined(named)
    except (ToolMissing, WrongCompiler):
        if named or middle_end == "closure" or not private.exists():
            raise
        found = _examined(private)
    if middle_end == "flambda" and not found.flambda and not named and private.exists():
        found = _examined(private)
    if middle_end and found.middle_end != middle_end:
        advice = INSTALL_FLAMBDA if middle_end == "flambda" else f"set ${OCAMLOPT} to one configured without Flambda"
        raise WrongCompiler(f"{found.ocamlopt} works by {found.middle_end}, not {middle_end}; {advice}")
    return found


def valgrind() -> Tool | None:
    """The counter of instructions, if there is one."""
    try:
        return find("valgrind", INSTALL_VALGRIND, version=["--version"])
    except ToolMissing:
        return None


def environment(toolchain: Toolchain) -> dict[str, str]:
    """What the compiler runs in: the assembler and linker on the search path, nothing that changes what it does."""
    plain = {"LC_ALL": "C", "TMPDIR": ".", "OCAML_COLOR": "never", "OCAML_ERROR_STYLE": "short"}
    return {"PATH": os.environ.get("PATH", os.defpath), **plain}


def _examined(path: Path | None) -> Toolchain:
    tool = find("ocamlopt", INSTALL, path=path, version=["-version"])
    return _configured(tool)


@lru_cache
def _configured(tool: Tool) -> Toolchain:
    text = run(tool, ["-config"], seconds=SECONDS).out.decode(errors="replace")
    config = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    version = _supported(tool, config)
    middle_end = "flambda" if config.get("flambda") == "true" else "closure"
    return Toolchain(tool, version, middle_end, text, Path(config["standard_library"]), valgrind())


def _supported(tool: Tool, config: Mapping[str, str]) -> tuple[int, int]:
    number = re.match(r"(\d+)\.(\d+)", config.get("version", ""))
    if number is None or "standard_library" not in config:
        raise WrongCompiler(f"{tool} does not tell its configuration; {INSTALL}")
    version = int(number[1]), int(number[2])
    if not OLDEST <= version <= NEWEST:
        oldest, newest = (f"{major}.{minor}" for major, minor in (OLDEST, NEWEST))
        raise WrongCompiler(f"{tool} is of a version that is not supported; take OCaml {oldest} to {newest}")
    return version
