"""Back ends by instance: the simulator of a program, or the real compiler at work on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from gymcc.envs.core.problem import UnknownInstance
from gymcc.envs.ocaml.backend import Backend, Decisions
from gymcc.envs.ocaml.library import Library, Source, read_text

if TYPE_CHECKING:  # either back end takes its time to import, and no run needs both
    from gymcc.envs.ocaml.backends.compiler import Compiler
    from gymcc.envs.ocaml.backends.sim import Simulator
    from gymcc.envs.ocaml.inliner import Rules

SIMULATORS = 500  # kept
COMPILERS = 200
RUN_SECONDS = 20.0  # in which a real program must reach its end, valgrind's slowness included
FUEL = 5_000_000  # calls and turns of loops in which a program must reach its end: seconds in the interpreter


class Compilers(Protocol):
    """What is asked of the back ends of many programs; unknown ids raise :class:`UnknownInstance`."""

    deterministic: bool

    def backend(self, instance: str) -> Backend:
        """The back end of a program; raises ValueError or :class:`BackendError` where it cannot be worked on."""

    def profile(self, instance: str) -> tuple[int, ...] | None:
        """How often each call is made in a run, None where nobody has counted."""

    def check(self, instance: str, decisions: Decisions) -> None:
        """Run the program as decided; raises :class:`BackendError` if it prints something else."""

    def sources(self, instance: str, decisions: Decisions) -> Mapping[str, str]:
        """The program's files as decided, in OCaml, by name; raises :class:`BackendError`."""

    def versions(self) -> dict[str, str]:
        """What costs depend on."""


class Simulators:
    """Simulators of programs of the subset. Copies share what has been prepared."""

    deterministic = True

    def __init__(self, library: Library, rules: Rules) -> None:
        self.library, self.rules = library, rules
        self.backend = lru_cache(SIMULATORS)(self._opened)

    def __getstate__(self) -> dict[str, Any]:
        return {"library": self.library, "rules": self.rules}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]

    def _opened(self, instance: str) -> Simulator:
        from gymcc.envs.ocaml.backends.sim import Simulator
        from gymcc.envs.ocaml.frontend import OcamlError
        from gymcc.envs.ocaml.interpreter import ProgramError

        source = self.library.source(instance)
        text = _single(source)
        try:
            return Simulator(text, source.name, self.rules, FUEL)
        except OcamlError as error:
            raise UnknownInstance(f"{source}: {error}; the simulator takes a subset") from error
        except ProgramError as error:
            raise UnknownInstance(f"{source}: {error}") from error

    def profile(self, instance: str) -> tuple[int, ...]:
        """From the recording that costs are computed of."""
        return self.backend(instance).profile

    def check(self, instance: str, decisions: Decisions) -> None:
        """In the interpreter."""
        self.backend(instance).check(decisions)

    def sources(self, instance: str, decisions: Decisions) -> dict[str, str]:
        """One, by the printer."""
        return {f"{self.library.source(instance).name}.ml": self.backend(instance).source(decisions)}

    def versions(self) -> dict[str, str]:
        """Of the simulator and its rules."""
        from gymcc.envs.ocaml.backends.sim import versions

        return versions(self.rules)


def _single(source: Source) -> str:
    """The text of a program of one file."""
    if not source.place:
        return source.text
    first = source.place[0]
    files = [first, *source.place[1:]]
    if first.is_dir():
        files = sorted(path for path in first.iterdir() if path.suffix in (".ml", ".mli"))
    if len(files) != 1 or files[0].suffix != ".ml":
        found = ", ".join(path.name for path in files) or "none"
        raise UnknownInstance(f"{source}: the simulator takes a program of one .ml file, found {found}")
    return read_text(files[0])


class RealCompilers:
    """A real compiler at work on programs, each of which is compiled and surveyed when first asked for."""

    def __init__(
        self,
        library: Library,
        middle_end: str,
        arguments: Sequence[str] = (),
        stdin: str = "",
        run_seconds: float = RUN_SECONDS,
    ) -> None:
        from gymcc.envs.ocaml.backends.compiler import detect

        self.library, self.middle_end = library, middle_end
        self.arguments, self.stdin, self.run_seconds = tuple(arguments), stdin, run_seconds
        self.toolchain = detect(middle_end)
        self.deterministic = self.toolchain.counts
        self.backend = lru_cache(COMPILERS)(self._opened)

    def __getstate__(self) -> dict[str, Any]:
        named = ("library", "middle_end", "arguments", "stdin", "run_seconds")
        return {name: getattr(self, name) for name in named}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]

    def _opened(self, instance: str) -> Compiler:
        from gymcc.envs.ocaml.backends.compiler import BadProgram, Compiler, Program

        source = self.library.source(instance)
        run = {"arguments": self.arguments, "stdin": self.stdin.encode()}
        program: Any = source.place[0] if len(source.place) == 1 else source.place
        if not program:
            program = Program(((f"{source.name}.ml", source.text.encode()),), **run)  # type: ignore[arg-type]
        try:
            return Compiler(program, toolchain=self.toolchain, run_seconds=self.run_seconds, **run)  # type: ignore[arg-type]
        except BadProgram as error:
            raise UnknownInstance(f"{source}: {error}") from error

    def profile(self, instance: str) -> None:
        """Not counted."""

    def check(self, instance: str, decisions: Decisions) -> None:
        """Every run is checked against the original's output."""
        self.backend(instance).cost(decisions)

    def sources(self, instance: str, decisions: Decisions) -> Mapping[str, str]:
        """With attributes, and copies of functions."""
        return self.backend(instance).source(decisions)

    def versions(self) -> dict[str, str]:
        """Of the compiler and of what counts its instructions."""
        valgrind, ocamlopt = self.toolchain.valgrind, self.toolchain.ocamlopt
        counter = valgrind.version if valgrind else "user time"
        return {"ocamlopt": f"{ocamlopt.version} {self.toolchain.middle_end}", "counter": counter}
