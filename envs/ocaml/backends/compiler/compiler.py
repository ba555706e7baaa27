"""A program and the real compiler: what there is to decide, and what decisions cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path as File

from gymcc.envs.core.toolchain import ToolDied, ToolTimeout
from gymcc.envs.ocaml.backends.compiler.building import build
from gymcc.envs.ocaml.backends.compiler.cache import Cache
from gymcc.envs.ocaml.backends.compiler.choices import Choices
from gymcc.envs.ocaml.backends.compiler.compiling import COMPILE_SECONDS, Binary, Driver
from gymcc.envs.ocaml.backends.compiler.decisions import Action, Decided, Decisions
from gymcc.envs.ocaml.backends.compiler.errors import BadProgram, OutputChanged
from gymcc.envs.ocaml.backends.compiler.folders import cache_folder
from gymcc.envs.ocaml.backends.compiler.inlining_report import Considered
from gymcc.envs.ocaml.backends.compiler.listing import Path, parse_listing
from gymcc.envs.ocaml.backends.compiler.measuring import Measurement, count, steady, time
from gymcc.envs.ocaml.backends.compiler.plan import Planner
from gymcc.envs.ocaml.backends.compiler.program import Program, read_program
from gymcc.envs.ocaml.backends.compiler.survey import Survey, from_json, refused_sites, reported, survey
from gymcc.envs.ocaml.backends.compiler.toolchain import Toolchain, detect

RUN_SECONDS = 20.0
OPTIONS = {"closure": (), "flambda": ("-O3",)}


@dataclass(frozen=True, slots=True)
class Figures:
    """What decisions cost."""

    cost: float  # instructions, or seconds where they cannot be counted
    text: int  # bytes of machine code of the program's own files
    output: str  # hash of what the program printed
    binary: str  # hash of the executable: equal ones have equal figures
    refused: frozenset[Path]  # what was to be inlined and was not, at least in one copy of the code around it


class Compiler(Choices):
    """Compiles a program as decided and measures what comes out. Everything that is constant is found out at once.

    ``source`` is a folder, a file, or files in the order in which they are linked; or a :class:`Program`. Decisions are
    a mapping of paths to :class:`Action`; a path of one site is the call in its own function's text, a longer one that
    in the body copied for the call at its last but one site; without a decision, paths follow their last site and sites
    the compiler. Objects can be pickled and shared by forked processes. Nothing they start outlives a call.

    Raises :class:`BadProgram`, and :class:`BackendError` where the compiler is missing or of a wrong version.
    """

    def __init__(
        self,
        source: File | Sequence[File] | Program,
        *,
        arguments: Sequence[str] = (),
        stdin: bytes = b"",
        flags: Sequence[str] = (),
        toolchain: Toolchain | None = None,
        options: Sequence[str] | None = None,
        compile_seconds: float = COMPILE_SECONDS,
        run_seconds: float = RUN_SECONDS,
        externals: bool = False,
    ) -> None:
        """``options``: of the compiler, by default -O3 for Flambda; ``externals``: calls of libraries are sites too."""
        self.toolchain = toolchain or detect()
        chosen = OPTIONS[self.toolchain.middle_end] if options is None else tuple(options)
        if isinstance(source, Program):
            self.program = source
        else:
            self.program = read_program(self.toolchain, source, arguments, stdin, flags)
        self.name, self.flambda = self.program.units[-1], self.toolchain.flambda
        self.driver = Driver(self.toolchain, build(self.toolchain), chosen, compile_seconds)
        self.run_seconds = run_seconds
        self.cache = Cache(cache_folder() / "measured.sqlite")
        plain, body = self.driver.plain(self.program)
        self.listing = parse_listing(body, externals)
        self.baseline = self._baseline(plain)
        self.survey = self._surveyed(externals)
        inlined = None if self.flambda else self.survey.inlined
        self.planner = Planner(self.program, self.listing, inlined)

    # What it costs

    @property
    def deterministic(self) -> bool:
        """Whether costs are counted; otherwise they are seconds and vary."""
        return self.toolchain.counts

    @property
    def unit(self) -> str:
        """Of costs."""
        return "instructions" if self.toolchain.counts else "seconds"

    def compile(self, decisions: Mapping[Path, Action]) -> Binary:
        """The executable. Raises :class:`BackendError` where the compiler fails or takes too long."""
        return self._compiled(decisions)[0]

    def cost(self, decisions: Mapping[Path, Action]) -> Figures:
        """What the decisions cost. Raises :class:`BackendError`, :class:`OutputChanged` among others."""
        binary, refused = self._compiled(decisions)
        measured = self.measure(binary)
        if measured.output != self.baseline.output:
            raise OutputChanged(f"output changed: {self.program.units[-1]} prints something else with these decisions")
        return Figures(measured.cost, binary.text, measured.output, binary.digest, refused)

    def source(self, decisions: Mapping[Path, Action]) -> dict[str, str]:
        """The program's files by name, as text that says what is decided by attributes and copies of functions.

        Compiled with the same options, they give what :meth:`compile` does.
        """
        return self.driver.source(self.program, self.planner.plan(self._checked(decisions)))

    def considered(self, decisions: Mapping[Path, Action]) -> tuple[Considered, ...]:
        """What Flambda says of each call that it considers, round by round; nothing in closure mode."""
        if not self.toolchain.flambda:
            return ()
        return reported(self.driver, self.program, self.planner.plan(self._checked(decisions)))[1]

    def measure(self, binary: Binary) -> Measurement:
        """Run an executable; counts are kept on disk and not made again. Raises :class:`BackendError`."""
        valgrind = self.toolchain.valgrind
        if valgrind is None:
            return time(binary.image, self.program, self.run_seconds)
        key = self._run_key("count", binary, valgrind.version)
        if (known := self.cache.get(key)) is not None:
            return Measurement(*known)
        measured = count(binary.image, self.program, valgrind, self.run_seconds)
        self.cache.put(key, [measured.cost, measured.output, measured.printed])
        return measured

    def versions(self) -> dict[str, str]:
        """What costs depend on."""
        valgrind = self.toolchain.valgrind
        return {
            "ocamlopt": f"{self.toolchain.ocamlopt.version} {self.toolchain.middle_end}",
            "options": " ".join(self.driver.options),
            "counter": valgrind.version if valgrind else "user time",
        }

    # How it is done

    def _compiled(self, decisions: Mapping[Path, Action]) -> tuple[Binary, frozenset[Path]]:
        decisions = self._checked(decisions)
        plan = self.planner.plan(decisions)
        binary, _ = self.driver.rewritten(self.program, plan)
        contexts, decided = plan.contexts(), Decided(decisions)
        refused = (
            (*contexts[refusal.context], site)
            for refusal in binary.refused
            for site in refused_sites(self.listing, [refusal])
        )
        return binary, frozenset(path for path in refused if decided.at(path) is Action.INLINE)

    def _checked(self, decisions: Mapping[Path, Action]) -> Decisions:
        for path in decisions:
            self.check_path(path)
        return {path: Action(action) for path, action in decisions.items()}

    def _baseline(self, plain: Binary) -> Figures:
        try:
            measured, same = self.measure(plain), self._steady(plain)
        except ToolTimeout as error:
            advice = "make its input smaller, or allow it more time (run_seconds)"
            raise BadProgram(f"the program does not end within {self.run_seconds:g} s; {advice}") from error
        except ToolDied as error:
            raise BadProgram(f"the program does not end well: {error.what}") from error
        if measured.printed == 0:
            raise BadProgram(
                "the program prints nothing, so that nobody would see if it computed something else;"
                " have it print a checksum of its results"
            )
        if not same:
            raise BadProgram(
                "the program prints something else each time it is run, so that nobody would see if it computed"
                " something else; give its random numbers a seed, and have it print neither times nor addresses"
            )
        return Figures(measured.cost, plain.text, measured.output, plain.digest, frozenset())

    def _steady(self, binary: Binary) -> bool:
        key = self._run_key("steady", binary)
        known = self.cache.get(key)
        if known is None:
            known = steady(binary.image, self.program, self.run_seconds)
            self.cache.put(key, known)
        return bool(known)

    def _run_key(self, what: str, binary: Binary, *more: str) -> str:
        run = repr((*more, self.program.arguments, self.program.stdin))
        return f"{what} {binary.digest} {sha256(run.encode()).hexdigest()}"

    def _surveyed(self, externals: bool) -> Survey:
        run = f"{self.program.key} {self.driver.key()} {externals}"
        key = f"survey {sha256(run.encode()).hexdigest()}"
        if (known := self.cache.get(key)) is not None:
            return from_json(known)
        found = survey(self.driver, self.program, self.listing)
        self.cache.put(key, found.to_json())
        return found
