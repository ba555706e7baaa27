"""One file that a compiler is at work on: what can be decided in it, and its syntax tree as decided.

Its calls are found as those of a whole program are. Of other files it is known what the compiler knows of them, and
what their source says: functions are looked up in the files that the compiler finds their interfaces beside.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path as File
from typing import Any

from gymcc.envs.core.problem import BackendError
from gymcc.envs.ocaml.backends.compiler.calling import Call
from gymcc.envs.ocaml.backends.compiler.choices import Choices
from gymcc.envs.ocaml.backends.compiler.compiling import Binary, Driver, text_size, typed_work
from gymcc.envs.ocaml.backends.compiler.decisions import Action
from gymcc.envs.ocaml.backends.compiler.diagnostics import refusals
from gymcc.envs.ocaml.backends.compiler.listing import Definition, Listing, Path, parse_listing
from gymcc.envs.ocaml.backends.compiler.plan import Planner
from gymcc.envs.ocaml.backends.compiler.program import Program
from gymcc.envs.ocaml.backends.compiler.survey import survey
from gymcc.envs.ocaml.backends.compiler.toolchain import environment
from gymcc.envs.ocaml.backends.compiler.workspace import Done, Step, work

OTHERS = "others"  # folder of the files that are looked up
TREE, TARGET = "tree", "target"
MAX_OTHERS = 100
UNASKED = 9  # expressions: functions of other files up to this size are taken to be inlined unasked by closure mode


@dataclass(frozen=True, slots=True)
class UnitDriver(Driver):
    """Compiles one file of a program and links nothing."""

    def listed(self, program: Program, others: Mapping[str, bytes]) -> dict[str, Any]:
        """What :func:`parse_listing` reads of a file; ``others``, .ml or .cmt by name, say more of what it calls.

        Raises :class:`BadProgram` naming file and line where it does not compile.
        """
        looked_up = {f"{OTHERS}/{name}": content for name, content in others.items()}
        sources = [name for name in looked_up if name.endswith(".ml")]
        (unit,) = program.units
        typed = [f"{name.rpartition('.')[0]}.cmt" for name in (unit, *looked_up)]
        steps = [
            *(self._typing(program, name) for name in sources),
            self._compile(program, "-bin-annot"),
            Step(self.tool, ("unit", *typed), self.seconds, {}),
        ]
        done = typed_work({**dict(program.files), **looked_up}, steps)
        body: dict[str, Any] = json.loads(done.steps[-1].out)
        return body

    def decided(self, tree: bytes, plan: str) -> bytes:
        """A syntax tree rewritten by the text of a plan."""
        step = Step(self.tool, ("ppx", TREE, TARGET), self.seconds, {}, plan.encode())
        return work({TREE: tree}, [step], [TARGET]).files[TARGET]

    def _typing(self, program: Program, name: str) -> Step:
        arguments = ("-w", "-a", "-stop-after", "typing", "-bin-annot", *program.flags, "-c", name)
        return Step(self.toolchain.ocamlopt, arguments, self.seconds, environment(self.toolchain), required=False)

    def _compile(self, program: Program, *more: str) -> Step:
        step = Driver._compile(self, program, *more)
        at = step.arguments.index("-o")
        return replace(step, arguments=(*step.arguments[:at], "-c", *step.arguments[at + 2 :]))

    def _kept(self, program: Program) -> list[str]:
        return []

    def _binary(self, program: Program, done: Done, said: str, copies: Iterable[str]) -> Binary:
        return Binary(b"", text_size({}, copies), refusals(said))


class Unit(Choices):
    """The decisions that can be taken in a file. It is not run: no decisions have a cost.

    Raises :class:`BadProgram` where it does not compile, and :class:`BackendError`.
    """

    deterministic = True
    unit = "nothing"

    def __init__(self, driver: UnitDriver, call: Call, tree: bytes, keep: int = 0) -> None:
        """``keep``: closure mode keeps the bodies of functions up to this size, in expressions, for other files' calls.

        It would keep but the smallest. No call inlines them unasked that is decided on.
        """
        self.keep = 0 if driver.toolchain.flambda else keep
        self.name = File(call.source).name
        self.flambda = driver.toolchain.flambda
        folders = [argument for folder in call.folders for argument in ("-I", folder)]
        opens = [argument for module in call.opens for argument in ("-open", module)]
        self.driver, self.tree = driver, tree
        self.program = Program(((self.name, tree),), flags=(*folders, *opens, *call.switches))
        others = dict(_others(call, driver.toolchain.library))
        found = parse_listing(driver.listed(self.program, others), externals=False)
        own = (replace(each, cloneable=each.cloneable and each.file == self.name) for each in found.definitions)
        self.listing = Listing(tuple(own), found.sites)
        self.survey = survey(driver, self.program, self.listing)
        inlined = None if self.flambda else self.survey.inlined
        self.planner = Planner(self.program, self.listing, inlined)

    def decided(self, decisions: Mapping[Path, Action]) -> bytes:
        """The file's syntax tree as decided."""
        plan = self.planner.plan(decisions)
        return self.driver.decided(self.tree, plan.text + self.planner.kept(self._for_others()))

    def _for_others(self) -> Iterator[Definition]:
        """Functions that other files may call, and that closure mode can copy."""
        for each in self.definitions:
            if each.top and each.cloneable and each.size <= self.keep and not (each.recursive or each.closures):
                yield each

    def default(self, site: int) -> Action:
        callee = self.listing.callee(site)
        if self.keep and callee is not None and callee.file != self.name and callee.size > UNASKED:
            return Action.NEVER  # its body is there because we have kept it
        return super().default(site)

    @property
    def baseline(self) -> Any:
        """No decisions have a cost."""
        return self.cost({})

    def cost(self, decisions: Mapping[Path, Action]) -> Any:
        """Raises :class:`BackendError`."""
        raise BackendError(f"{self.name} is a file of a program that is not run: its decisions have no cost")

    def versions(self) -> dict[str, str]:
        """What decides what can be decided."""
        return {"ocamlopt": f"{self.driver.toolchain.ocamlopt.version} {self.driver.toolchain.middle_end}"}


def _others(call: Call, library: File) -> Iterator[tuple[str, bytes]]:
    """The program's own files that a file may call functions of: as the compiler has typed them, else their source."""
    own = File(call.source)
    folders = [File(folder) for folder in call.folders if not File(folder).is_relative_to(library)]
    folders += [folder.parent.parent for folder in folders if folder.parent.suffix == ".objs"]  # where dune puts them
    folders.append(own.parent)
    for module in call.mentioned[:MAX_OTHERS]:
        lower = module[:1].lower() + module[1:]
        names = (f"{lower}.cmt", f"{module}.cmt", f"*__{module}.cmt", f"{lower}.ml", f"{module}.ml")
        found = (path for name in names for folder in folders for path in sorted(folder.glob(name)))
        path = next(found, None)
        if path is not None and path.name != own.name:
            yield path.name, path.read_bytes()
