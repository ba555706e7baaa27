"""The call of a compiler that a preprocessor is part of: ``ocamlopt -ppx COMMAND`` runs ``COMMAND TREE TARGET``.

The compiler writes the syntax tree of a file to TREE, in its binary form and with its own options in an attribute, and
reads from TARGET what it is to compile instead.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gymcc.envs.core.toolchain import Tool, run
from gymcc.envs.ocaml.backends.compiler.errors import WrongCompiler
from gymcc.envs.ocaml.backends.compiler.toolchain import OCAMLOPT, Toolchain

INTERFACE, IMPLEMENTATION = b"Caml1999N", b"Caml1999M"  # how trees begin; three digits for the version follow
MAGIC_BYTES = 12
NATIVE = "ocamlopt"  # what a native-code compiler calls itself; others' calls are not inlined by it
GENERATIONS = 6  # processes between a preprocessor and the compiler: shells, wrappers
SECONDS = 30.0
SWITCHES = {"recursive_types": "-rectypes", "principal": "-principal", "transparent_modules": "-no-alias-deps"}
_FIELD = r"\b{name} =\s*((?:\[[^\]]*\]|\([^)]*\)|[^;{{}}])*)"
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Call:
    """What the compiler says of the file that it is at, and of itself."""

    source: str  # the file, as it was named
    tool: str  # ocamlopt, ocamlc, ocamldep, ...
    folders: tuple[str, ...]  # where it looks for other files' interfaces
    opens: tuple[str, ...]  # modules of -open
    switches: tuple[str, ...]  # options that decide what the file means
    mentioned: tuple[str, ...]  # modules that the file may refer to


def check_tree(tree: bytes, toolchain: Toolchain) -> None:
    """Raise :class:`WrongCompiler` unless the syntax tree of a file is one of this compiler's."""
    expected = re.search(r"^ast_impl_magic_number: (\S+)$", toolchain.config, re.MULTILINE)
    if not tree.startswith(IMPLEMENTATION):
        raise WrongCompiler("no syntax tree of a compiler: gymcc ocaml ppx is for ocamlopt -ppx to call")
    if expected and tree[:MAGIC_BYTES] != expected[1].encode():
        found = tree[:MAGIC_BYTES].decode(errors="replace")
        raise WrongCompiler(
            f"the syntax tree is of another OCaml ({found}) than {toolchain.ocamlopt} ({expected[1]}); set ${OCAMLOPT}"
            " to the compiler that is called"
        )


def read_call(tool: Tool, tree: Path) -> Call:
    """What a syntax tree tells; raises :class:`gymcc.envs.core.toolchain.ToolError`."""
    body = json.loads(run(tool, ["context", str(tree.absolute())], seconds=SECONDS).out)
    context = body["context"]
    switches = [switch for name, switch in SWITCHES.items() if _field(context, name).strip() == "true"]
    package = _texts(context, "for_package")
    return Call(
        body["name"],
        next(iter(_texts(context, "tool_name")), ""),
        tuple(os.path.abspath(folder) for folder in _texts(context, "load_path")),
        _texts(context, "open_modules"),
        (*switches, *(("-for-pack", package[0]) if package else ())),
        tuple(body["modules"]),
    )


def _field(context: str, name: str) -> str:
    found = re.search(_FIELD.format(name=name), context)
    return found[1] if found else ""


def _texts(context: str, name: str) -> tuple[str, ...]:
    """The strings in a field, be they in a list, a pair or alone."""
    return tuple(re.sub(r"\\(.)", r"\1", text) for text in _TEXT.findall(_field(context, name)))


def calling_compiler() -> Path | None:
    """The native-code compiler that this process has been started by, if the system tells."""
    process = os.getppid()
    with suppress(OSError, ValueError, IndexError):
        for _ in range(GENERATIONS):
            program = Path(os.readlink(f"/proc/{process}/exe"))
            if program.name.startswith(NATIVE):
                return program
            stat = Path(f"/proc/{process}/stat").read_text()
            process = int(stat.rpartition(")")[2].split()[1])
    return None
