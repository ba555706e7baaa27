"""Where superpmi, the JIT and the collection of methods lie, and whether they fit together.

Nothing is downloaded. CORE_ROOT is the folder of a checked build of dotnet/runtime that holds ``superpmi``, ``mcs`` and
the JIT; a collection (``.mch``) comes from its ``src/coreclr/scripts/superpmi.py``. The variables are those of MLJIT.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from gymcc.envs.core.toolchain import Tool, ToolError, find, run
from gymcc.envs.jitcse.backends.superpmi.errors import BadCorpus

CORE_ROOT, COLLECTION = "CORE_ROOT", "DOTNET_MLJitCorpusFile"
INSTALL = "build dotnet/runtime with `./build.sh clr -c Checked`, or try `gymcc jitcse stub --out DIR`"
DOWNLOAD = "run `python src/coreclr/scripts/superpmi.py download` of dotnet/runtime, or `gymcc jitcse stub --out DIR`"
JITS = {"linux": "libclrjit.so", "darwin": "libclrjit.dylib", "win32": "clrjit.dll"}
GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
MCS_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Corpus:
    """A JIT and a collection that it can compile; :func:`locate` makes it."""

    superpmi: Tool
    jit: Path
    collection: Path
    guid: str  # of the interface between JIT and runtime; empty if there is no mcs to tell
    build: str  # digest of the JIT library: scores of different builds must not be compared

    @property
    def key(self) -> str:
        """Eight hexadecimal digits that differ between JITs and between collections."""
        what = f"{self.guid} {self.build} {self.collection.name} {self.collection.stat().st_size}"
        return hashlib.sha256(what.encode()).hexdigest()[:8]

    def command(self) -> list[str]:
        """Arguments of superpmi to serve requests."""
        return ["-v", "q", "-streaming", "stdin", str(self.jit), str(self.collection)]

    def versions(self) -> dict[str, str]:
        """What a score depends on."""
        guid = self.guid or "unknown"
        return {"jit": f"{self.jit.name} {self.build}", "jit_ee_guid": guid, "collection": self.collection.name}


def locate(
    core_root: str | Path | None = None,
    collection: str | Path | None = None,
    jit: str = "",
    variables: Mapping[str, str] = os.environ,
) -> Corpus:
    """The corpus of the arguments, or of the variables ``CORE_ROOT`` and ``DOTNET_MLJitCorpusFile``.

    ``jit`` names another library in CORE_ROOT, e.g. a cross-compiling one. Raises :class:`BadCorpus`.
    """
    root = _named(core_root, "core_root", CORE_ROOT, variables, INSTALL)
    mch = _named(collection, "collection", COLLECTION, variables, DOWNLOAD)
    if not root.is_dir():
        raise BadCorpus(f"CORE_ROOT {root} is no folder; {INSTALL}")
    library = root / (jit or JITS.get(sys.platform, JITS["linux"]))
    if not library.is_file():
        others = ", ".join(sorted(path.name for path in root.glob("*clrjit*"))) or "none"
        raise BadCorpus(f"no JIT {library.name} in CORE_ROOT {root} (JITs there: {others}); {INSTALL}")
    if not mch.is_file():
        raise BadCorpus(f"no collection at {mch}; {DOWNLOAD}")
    guid = _guid(root)
    _check_guid(guid, mch)
    superpmi = _program("superpmi", root, version=guid and f"(JIT-EE {guid[:8]})")
    return Corpus(superpmi, library, mch, guid, _digest(library, library.stat().st_mtime_ns))


def _named(given: str | Path | None, option: str, variable: str, variables: Mapping[str, str], fix: str) -> Path:
    """The absolute path that the option or the variable names."""
    text = str(given or variables.get(variable, ""))
    if not text:
        raise BadCorpus(f"SuperPMI needs the option {option} or the variable {variable}; {fix}")
    return Path(text).expanduser().absolute()


def _program(name: str, root: Path, version: str = "") -> Tool:
    try:
        found = find(name, INSTALL, path=root / name)
    except ToolError as error:
        raise BadCorpus(f"no program {name} in CORE_ROOT {root}; {INSTALL}") from error
    return Tool(name, found.path, INSTALL, version)


def _guid(root: Path) -> str:
    """What mcs says the JIT's interface is; empty where CORE_ROOT has no mcs."""
    if not (root / "mcs").exists():
        return ""
    try:
        said = run(_program("mcs", root), ["-printJITEEVersion"], seconds=MCS_SECONDS).out.decode(errors="replace")
    except ToolError as error:
        raise BadCorpus(f"mcs of CORE_ROOT {root} does not tell the JIT-EE GUID: {error}; {INSTALL}") from error
    found = GUID.search(said.lower())
    if found is None:
        raise BadCorpus(f"mcs of CORE_ROOT {root} prints no JIT-EE GUID but {said.strip()[:80]!r}; {INSTALL}")
    return found.group()


def _check_guid(guid: str, collection: Path) -> None:
    """Raise where the collection's path names another interface than the JIT's."""
    named = GUID.findall(str(collection).lower())
    if guid and named and guid not in named:
        raise BadCorpus(
            f"the collection {collection} is for JIT-EE GUID {named[-1]}, but the JIT in CORE_ROOT has {guid}; "
            f"download the collections of {guid}, or build the JIT from a commit with {named[-1]}"
        )


@lru_cache(maxsize=8)
def _digest(library: Path, changed: int) -> str:
    """Of the file's bytes; ``changed`` is its time of change, which makes the memo forget."""
    with library.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
