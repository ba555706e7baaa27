"""A private OCaml compiler with Flambda, built from the source package of the distribution (Debian, Ubuntu and kin).

Takes 8 minutes of processor time, 10 MB of downloads, 0.8 GB of disk while it is built and 0.4 GB after. Nothing of the
system's configuration is touched: apt works on lists and a source of its own. What a broken-off set-up has done is
not done again: the source is fetched once and make goes on where it was.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gymcc.envs.core.toolchain import Tool, ToolDied, ToolError, find, run
from gymcc.envs.ocaml.backends.compiler.errors import WrongCompiler
from gymcc.envs.ocaml.backends.compiler.folders import cache_folder
from gymcc.envs.ocaml.backends.compiler.toolchain import Toolchain, detect, private_flambda

Say = Callable[[str], None]
ELSEWHERE = "elsewhere, take an opam switch with ocaml-option-flambda and set $GYMCC_OCAMLOPT to its ocamlopt"
SECONDS = 3600.0  # of each stage; a slow machine takes half an hour
KEYRINGS = Path("/usr/share/keyrings")
CONFIGURE = (
    "--enable-flambda",
    "--disable-ocamldoc",
    "--disable-debugger",
    "--disable-ocamltest",
    "--disable-debug-runtime",
    "--disable-instrumented-runtime",
)
UNUSED = ("*.cmt", "*.cmti", "*.cma", "*.byte", "*.cmo")  # two thirds of what is installed; programs need none of it


@dataclass(frozen=True, slots=True)
class Building:
    """Where the compiler is built, and by how many processes."""

    folder: Path
    jobs: int
    say: Say

    @property
    def source(self) -> Path:
        """The unpacked source, compiled in place."""
        return self.folder / "source"


def install(say: Say = print, jobs: int = 0, folder: Path | None = None) -> Toolchain:
    """The private compiler, built unless it is there; another process that wants it waits.

    ``jobs`` processes work at once, by default one for each processor. Raises :class:`ToolMissing` where a tool is
    missing, :class:`ToolError` where a stage fails and :class:`WrongCompiler` where the source is of no use.
    """
    root = folder or cache_folder()
    target = private_flambda(root)
    with _alone(root):
        if not target.exists():
            building = Building(root / "flambda-build", jobs or len(os.sched_getaffinity(0)), say)
            _build(building, target.parents[1])
            shutil.rmtree(building.folder)
    return detect("flambda", target)


def _build(building: Building, prefix: Path) -> None:
    tools = {name: find(name, _install(name)) for name in ("apt-get", "gcc", "make")}
    building.folder.mkdir(parents=True, exist_ok=True)
    if not building.source.exists():
        archive = _fetched(building, tools["apt-get"])
        building.say(f"unpacking {archive.name}")
        _unpack(archive, building.source)
    if not (building.source / "Makefile.config").exists():
        building.say("configuring")
        configure = Tool("configure", building.source / "configure", "delete the folder and start again")
        _stage(building, configure, [f"--prefix={prefix}", *CONFIGURE])
    building.say(f"compiling with {building.jobs} processes, some minutes; log and source in {building.folder}")
    _stage(building, tools["make"], [f"-j{building.jobs}", "world.opt"])
    building.say(f"installing in {prefix}")
    _install_into(building, tools["make"], prefix)


def _install(name: str) -> str:
    advice = "this works on Debian, Ubuntu and kin" if name == "apt-get" else f"apt-get install {name}"
    return f"{advice}; {ELSEWHERE}"


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    root.mkdir(parents=True, exist_ok=True)
    with (root / "flambda.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fetched(building: Building, apt: Tool) -> Path:
    """The source package's archive, downloaded and checked by apt against the distribution's signatures."""
    own = building.folder / "apt"
    for name in ("lists/partial", "cache/archives/partial"):
        (own / name).mkdir(parents=True, exist_ok=True)
    (own / "sources.list").write_text("".join(f"{line}\n" for line in _sources(apt)))
    options = (
        f"-oDir::Etc::SourceList={own / 'sources.list'}",
        "-oDir::Etc::SourceParts=/dev/null",
        f"-oDir::State::Lists={own / 'lists'}",
        f"-oDir::Cache={own / 'cache'}",
    )
    building.say("fetching the source of OCaml")  # what is there already is checked, and what is there in part goes on
    _stage(building, apt, [*options, "update"], building.folder)
    _stage(building, apt, [*options, "source", "--download-only", "ocaml"], building.folder)
    found = next((path for path in building.folder.glob("ocaml_*.orig.tar.*") if path.suffix != ".asc"), None)
    if found is None:
        raise WrongCompiler(f"apt-get has fetched no source of OCaml into {building.folder}; {ELSEWHERE}")
    return found


def _sources(apt: Tool) -> list[str]:
    """Where the distribution has its sources: where the packages of this machine come from."""
    form = "$(ORIGIN) $(COMPONENT) $(RELEASE) $(REPO_URI)"
    asked = run(apt, ["indextargets", "--format", form, "Identifier: Packages"], seconds=60.0)
    lines = []
    for line in asked.out.decode().splitlines():
        origin, component, release, address = [*line.split(), "", "", "", ""][:4]
        keyring = KEYRINGS / f"{origin.lower()}-archive-keyring.gpg"
        signed = f"[signed-by={keyring}] " if keyring.exists() else ""
        if origin in ("Debian", "Ubuntu") and component in ("main", "universe") and "security" not in release:
            lines.append(f"deb-src {signed}{address} {release} {component}")
    if not lines:
        raise ToolError(apt, f"knows of no packages of Debian or Ubuntu (try apt-get update); {ELSEWHERE}")
    return list(dict.fromkeys(lines))


def _unpack(archive: Path, target: Path) -> None:
    """Unpack as a whole or not at all."""
    partial = target.with_name("unpacking")
    shutil.rmtree(partial, ignore_errors=True)
    with tarfile.open(archive) as packed:
        packed.extractall(partial, filter="data")
    (inner,) = partial.iterdir()
    inner.rename(target)
    partial.rmdir()


def _install_into(building: Building, make: Tool, prefix: Path) -> None:
    """Install elsewhere first, so that a compiler in its place is a whole one."""
    staging = building.folder / "staging"
    shutil.rmtree(staging, ignore_errors=True)
    _stage(building, make, ["install", f"DESTDIR={staging}"])
    made = staging / prefix.relative_to("/")
    for pattern in UNUSED:
        for path in made.rglob(pattern):
            path.unlink()
    shutil.rmtree(prefix, ignore_errors=True)
    made.rename(prefix)


def _stage(building: Building, tool: Tool, arguments: Sequence[str], folder: Path | None = None) -> None:
    """Run one stage in the source's folder; what it said is in a file, the end of it in the error."""
    log = building.folder / "log"
    try:
        done = run(tool, arguments, seconds=SECONDS, folder=folder or building.source, max_bytes=256 * 2**20)
    except ToolDied as error:
        log.write_text(error.said, encoding="utf-8")
        advice = f"the log is {log}; deleting {building.folder} starts all over"
        raise ToolError(tool, f"failed: {' '.join(error.said.split())[-300:]}; {advice}") from error
    log.write_bytes(done.out + done.errors)
