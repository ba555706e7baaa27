"""Programs of the user's own, what is decided on them in the words of their source, and their source as decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gymcc.envs.core.own import OwnProgram
from gymcc.envs.ocaml.actions import Action
from gymcc.envs.ocaml.state import InlineState

if TYPE_CHECKING:
    from gymcc.envs.ocaml.backend import Site
    from gymcc.envs.ocaml.ir import Path as Calls
    from gymcc.envs.ocaml.problem import OcamlInline

METHOD = "flips"  # few calls matter, and those by themselves


def programs(paths: Sequence[Path], options: Mapping[str, Any]) -> Sequence[OwnProgram]:
    """Each folder is a program, the files together are one, linked in the order given.

    The compiler that is installed works on them unless ``options`` name another back end. Raises ValueError,
    :class:`gymcc.envs.core.problem.BackendError`.
    """
    folders, files = [path for path in paths if path.is_dir()], [path for path in paths if not path.is_dir()]
    found = [(folder.resolve().name, str(folder)) for folder in folders]
    linked = [str(file) for file in files]
    options = {"backend": _installed(), **options} if "backend" not in options else dict(options)
    made = [OwnProgram(name, {**options, "program": place}, METHOD) for name, place in found]
    return [*made, OwnProgram(files[-1].stem, {**options, "program": linked}, METHOD)] if files else made


def _installed() -> str:
    """The middle end of the compiler that is there; the simulator is named where there is none."""
    from gymcc.envs.core.toolchain import ToolMissing
    from gymcc.envs.ocaml.backends.compiler import detect

    try:
        return detect().middle_end
    except ToolMissing as error:
        raise ValueError(f"{error}; or --backend sim, which knows a part of the language") from error


def decided(problem: OcamlInline, state: InlineState) -> Sequence[Mapping[str, Any]]:
    """A row for each decision; ``call`` is a place, or on a path several, the outermost call first."""
    backend, rows = problem.backend(state.program), []
    for path, action in state.decisions:
        site, unasked = backend.sites[path[-1]], _unasked(problem, state, path)
        row = {
            "call": " > ".join(_place(state.program, backend.sites[each]) for each in path),
            "function": site.name,
            "decision": action.name.lower(),
            "unasked": unasked.name.lower(),
            "changed": action not in (unasked, Action.DEFAULT),
        }
        rows.append(row)
    return rows


def _unasked(problem: OcamlInline, state: InlineState, path: Calls) -> Action:
    """What becomes of a call without a decision on it: a copy follows its site, a site the compiler."""
    site = path[-1]
    wished = dict(state.decisions).get((site,), Action.DEFAULT) if len(path) > 1 else Action.DEFAULT
    return problem.backend(state.program).default(site) if wished is Action.DEFAULT else wished


def _place(instance: str, site: Site) -> str:
    file = getattr(site, "file", f"{instance.rpartition('/')[2]}.ml")  # the simulator's programs have but one
    return f"{file}:{site.line}:{site.column}"


def save(problem: OcamlInline, state: InlineState, folder: Path) -> Sequence[Path]:
    """Write the program's files as decided into a folder that has none of those names; raises ValueError."""
    sources = problem.compilers.sources(state.program, dict(state.decisions))
    paths = [folder / name for name in sources]
    if there := [str(path) for path in paths if path.exists()]:
        raise ValueError(f"{', '.join(there)} exists; nothing was written")
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in zip(paths, sources.values(), strict=True):
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
    return paths
