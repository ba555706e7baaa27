"""A user's own program: files of OCaml in the order in which they are linked, and how it is run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from gymcc.envs.core.toolchain import ToolDied
from gymcc.envs.ocaml.backends.compiler.diagnostics import first_error
from gymcc.envs.ocaml.backends.compiler.errors import BadProgram
from gymcc.envs.ocaml.backends.compiler.toolchain import Toolchain, environment
from gymcc.envs.ocaml.backends.compiler.workspace import Step, work

_FILE = re.compile(r"[A-Za-z][A-Za-z0-9_']*\.mli?")
SORT_SECONDS = 30.0


@dataclass(frozen=True)
class Program:
    """Files by name, interfaces before what they describe; standard input and arguments for its run.

    It runs in an empty folder with next to no environment: files that it reads are named absolutely. ``flags`` go to
    every call of the compiler, e.g. ``("-I", "+unix", "unix.cmxa")``.
    """

    files: tuple[tuple[str, bytes], ...]
    arguments: tuple[str, ...] = ()
    stdin: bytes = b""
    flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = [name for name, _ in self.files]
        for name in names:
            if not _FILE.fullmatch(name):
                raise BadProgram(
                    f"{name!r} is no file of OCaml: names are letters, digits and _, ending in .ml or .mli"
                )
        modules = [name.capitalize() for name in names]
        if twice := {name for name in modules if modules.count(name) > 1}:
            raise BadProgram(
                f"several files are {', '.join(sorted(twice))}: modules are told apart by their names alone"
            )
        if not self.units:
            raise BadProgram("a program has at least one .ml file")

    @property
    def units(self) -> tuple[str, ...]:
        """The .ml files, in the order in which they are linked."""
        return tuple(name for name, _ in self.files if name.endswith(".ml"))

    def has_interface(self, unit: str) -> bool:
        """Whether a .ml file has a .mli."""
        return any(name == f"{unit}i" for name, _ in self.files)

    @cached_property
    def key(self) -> str:
        """Names the program and how it is run."""
        digest = sha256(repr((self.files, self.arguments, self.stdin, self.flags)).encode())
        return digest.hexdigest()


def read_program(
    toolchain: Toolchain,
    source: Path | Sequence[Path],
    arguments: Iterable[str] = (),
    stdin: bytes = b"",
    flags: Iterable[str] = (),
) -> Program:
    """A folder's .ml and .mli files in the order of their dependencies, or files in the order given.

    Raises :class:`BadProgram` where there are none, where they depend on each other, or where one cannot be parsed.
    """
    if isinstance(source, Path) and source.is_dir():
        paths = sorted(path for path in source.iterdir() if path.suffix in (".ml", ".mli"))
        if not paths:
            raise BadProgram(f"{source} has no .ml files")
        files = {path.name: path.read_bytes() for path in paths}
        order = _sorted(toolchain, files)
        chosen = tuple((name, files[name]) for name in order)
    else:
        listed = [source] if isinstance(source, Path) else list(source)
        chosen = tuple((path.name, _content(path)) for path in _with_interfaces(listed))
    return Program(chosen, tuple(arguments), stdin, tuple(flags))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadProgram(f"{path} cannot be read: {error.strerror}") from error


def _with_interfaces(paths: Sequence[Path]) -> list[Path]:
    """Each file after its interface, which need not be listed."""
    listed = []
    for path in paths:
        interface = path.with_suffix(".mli")
        if path.suffix == ".ml" and interface.exists() and interface not in paths:
            listed.append(interface)
        listed.append(path)
    return listed


def _sorted(toolchain: Toolchain, files: dict[str, bytes]) -> list[str]:
    step = Step(toolchain.ocamlopt, ("-depend", "-sort", *files), SORT_SECONDS, environment(toolchain))
    try:
        outcome = work(files, [step]).steps[0]
    except ToolDied as error:
        raise BadProgram(first_error(error.said) or str(error)) from error
    order = outcome.out.decode(errors="replace").split()
    if sorted(order) != sorted(files):
        raise BadProgram(f"the files cannot be put in order: {' '.join(outcome.errors.split())[:300]}")
    return order
