"""The tool on the compiler's own libraries: built once by the compiler that it is to work with, and kept."""

from __future__ import annotations

import os
import tempfile
from hashlib import sha256
from pathlib import Path

from gymcc.envs.core.toolchain import Tool, ToolDied
from gymcc.envs.ocaml.backends.compiler.errors import WrongCompiler
from gymcc.envs.ocaml.backends.compiler.folders import cache_folder
from gymcc.envs.ocaml.backends.compiler.toolchain import Toolchain, environment
from gymcc.envs.ocaml.backends.compiler.workspace import Step, work

SOURCES = Path(__file__).with_name("tool")
MODULES = (
    "json",
    "describe",
    "anatomy",
    "counts",
    "definitions",
    "sites",
    "plan",
    "rewrite",
    "text",
    "context",
    "sitetool",
)
NAME = "sitetool"
SECONDS = 120.0
INSTALL = "run `gymcc ocaml setup`"


def sources(toolchain: Toolchain) -> dict[str, bytes]:
    """The tool's files for a version of the compiler, in the order in which they are compiled."""
    describe = "describe_4_13" if toolchain.version < (4, 14) else "describe_4_14"
    return {
        f"{module}.ml": (SOURCES / f"{describe if module == 'describe' else module}.ml").read_bytes()
        for module in MODULES
    }


def location(toolchain: Toolchain, folder: Path | None = None) -> Path:
    """Where the tool for a compiler lies or will lie; its name tells the compiler and the tool's source apart."""
    digest = sha256(toolchain.config.encode())
    for content in sources(toolchain).values():
        digest.update(content)
    major, minor = toolchain.version
    return (folder or cache_folder()) / f"{NAME}-{major}.{minor}-{toolchain.middle_end}-{digest.hexdigest()[:16]}"


def build(toolchain: Toolchain, folder: Path | None = None) -> Tool:
    """The tool, built unless it is there already; several processes may do this at once.

    Raises :class:`WrongCompiler` where the compiler has come without its libraries or cannot build the tool.
    """
    path = location(toolchain, folder)
    if not os.access(path, os.X_OK):
        _install(_compiled(toolchain), path)
    return Tool(NAME, path, INSTALL, version=path.name.removeprefix(f"{NAME}-"))


def _compiled(toolchain: Toolchain) -> bytes:
    if not (toolchain.library / "compiler-libs" / "ocamlcommon.cmxa").exists():
        raise WrongCompiler(
            f"{toolchain.ocamlopt} has come without compiler-libs ({toolchain.library}/compiler-libs/ocamlcommon.cmxa)"
            "; apt-get install ocaml-compiler-libs, or take OCaml from opam"
        )
    files = sources(toolchain)
    arguments = ("-w", "-a", "-I", "+compiler-libs", "ocamlcommon.cmxa", *files, "-o", NAME)
    try:
        done = work(files, [Step(toolchain.ocamlopt, arguments, SECONDS, environment(toolchain))], [NAME])
    except ToolDied as error:
        raise WrongCompiler(f"the tool for OCaml cannot be built: {error}") from error
    return done.files[NAME]


def _install(content: bytes, path: Path) -> None:
    """Put the file there as a whole: whoever looks sees all of it or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, partial = tempfile.mkstemp(prefix=f".{NAME}-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.chmod(partial, 0o755)  # noqa: S103 - a program, for its owner's use
        os.replace(partial, path)
    except BaseException:
        os.unlink(partial)
        raise
