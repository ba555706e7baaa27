"""Executables from a program: as it is, or rewritten by a plan."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from gymcc.envs.core.toolchain import Tool, ToolDied, ToolTimeout
from gymcc.envs.ocaml.backends.compiler.diagnostics import Refusal, first_error, refusals
from gymcc.envs.ocaml.backends.compiler.elf import read_object
from gymcc.envs.ocaml.backends.compiler.errors import BadProgram
from gymcc.envs.ocaml.backends.compiler.measuring import NAME
from gymcc.envs.ocaml.backends.compiler.plan import Plan
from gymcc.envs.ocaml.backends.compiler.program import Program
from gymcc.envs.ocaml.backends.compiler.toolchain import Toolchain, environment
from gymcc.envs.ocaml.backends.compiler.workspace import Done, Step, work

COMPILE_SECONDS = 15.0  # some decisions make code grow without end
WARNINGS = ("-w", "-a+55")  # of calls that cannot be inlined, and no others
SOURCE = "source"


@dataclass(frozen=True, slots=True)
class Binary:
    """An executable and what the compiler said."""

    image: bytes
    text: int  # bytes of code of the program's own files, without copies that nothing calls
    refused: tuple[Refusal, ...]  # calls that were to be inlined and were not

    @property
    def digest(self) -> str:
        """Names the executable."""
        return sha256(self.image).hexdigest()


@dataclass(frozen=True, slots=True)
class Driver:
    """A compiler with its options, and the tool that goes with it."""

    toolchain: Toolchain
    tool: Tool
    options: tuple[str, ...]
    seconds: float = COMPILE_SECONDS

    def plain(self, program: Program) -> tuple[Binary, dict[str, Any]]:
        """The program as it is, and what :func:`parse_listing` reads.

        Raises :class:`BadProgram` naming file and line where it does not compile.
        """
        typed = [unit.removesuffix(".ml") + ".cmt" for unit in program.units]
        steps = [self._compile(program, "-bin-annot"), Step(self.tool, ("sites", *typed), self.seconds, {})]
        done = typed_work(dict(program.files), steps, self._kept(program))
        return self._binary(program, done, done.steps[0].errors, ()), json.loads(done.steps[1].out)

    def rewritten(self, program: Program, plan: Plan, *more: str, keep: Iterable[str] = ()) -> tuple[Binary, Done]:
        """The program rewritten by ``plan``, compiled with ``more`` options. Raises :class:`ToolError`."""
        sources = {f"{SOURCE}/{name}": content for name, content in program.files}
        rewrite = Step(self.tool, ("rewrite", ".", *sources), self.seconds, {}, plan.text.encode())
        done = work(sources, [rewrite, self._compile(program, *more)], [*self._kept(program), *keep])
        return self._binary(program, done, done.steps[1].errors, (copy.name for copy in plan.copies)), done

    def source(self, program: Program, plan: Plan) -> dict[str, str]:
        """The program's files rewritten by ``plan``, as text. Raises :class:`ToolError`."""
        sources = {f"{SOURCE}/{name}": content for name, content in program.files}
        step = Step(self.tool, ("text", ".", *sources), self.seconds, {}, plan.text.encode())
        files = work(sources, [step], [name for name, _ in program.files]).files
        return {name: content.decode(errors="surrogateescape") for name, content in files.items()}

    def key(self) -> str:
        """Names all that decides what is compiled from a program."""
        return f"{self.tool.version} {' '.join(self.options)}"

    def _compile(self, program: Program, *more: str) -> Step:
        names = [name for name, _ in program.files]
        arguments = (*WARNINGS, *self.options, *more, *program.flags, "-o", NAME, *names)
        return Step(self.toolchain.ocamlopt, arguments, self.seconds, environment(self.toolchain))

    def _kept(self, program: Program) -> list[str]:
        return [NAME, *(unit.removesuffix(".ml") + ".o" for unit in program.units)]

    def _binary(self, program: Program, done: Done, said: str, copies: Iterable[str]) -> Binary:
        images = {name: image for name, image in done.files.items() if name.endswith(".o")}
        return Binary(done.files[NAME], text_size(images, copies), refusals(said))


def typed_work(files: Mapping[str, bytes], steps: Sequence[Step], keep: Sequence[str] = ()) -> Done:
    """:func:`work` that raises :class:`BadProgram` where the program does not compile."""
    try:
        return work(files, steps, keep)
    except ToolTimeout as error:
        raise BadProgram(f"the program does not compile in time: {error}") from error
    except ToolDied as error:
        raise BadProgram(first_error(error.said) or str(error)) from error


def text_size(images: Mapping[str, bytes], copies: Iterable[str]) -> int:
    """Bytes of code in object files; functions named in ``copies`` that no code refers to are left out.

    A copy that has been inlined where it is called is never called; but for the compiler to drop it, it would have to
    know that no other file does.
    """
    objects = [read_object(image) for image in images.values()]
    mentioned = frozenset[str]().union(*(each.mentioned for each in objects))
    names = "|".join(map(re.escape, copies))
    copy = re.compile(rf"caml.*[_.$](?:{names})_\d+(?:_code)?") if names else re.compile(r"(?!)")
    dead = {
        (function.start, number): function.size
        for number, each in enumerate(objects)
        for function in each.functions
        if copy.fullmatch(function.name) and function.name not in mentioned
    }
    return sum(each.text for each in objects) - sum(dead.values())
