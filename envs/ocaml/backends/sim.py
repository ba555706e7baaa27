"""Back end ``sim``: the inliner and cost model of this package, for programs of the subset, without any OCaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from gymcc.envs.core.problem import BackendError
from gymcc.envs.ocaml.actions import Action
from gymcc.envs.ocaml.backend import Decisions
from gymcc.envs.ocaml.cost import CostModel
from gymcc.envs.ocaml.cost.recording import outer_functions
from gymcc.envs.ocaml.frontend import parse_program
from gymcc.envs.ocaml.heuristic import O3, closure, flambda
from gymcc.envs.ocaml.inliner import CLOSURE, FLAMBDA, NOTHING, Opening, Paths, Residual, Rules, Session, sites
from gymcc.envs.ocaml.interpreter import ProgramError, run
from gymcc.envs.ocaml.interpreter.run import FUEL
from gymcc.envs.ocaml.ir import Path, Program
from gymcc.envs.ocaml.printer import print_program
from gymcc.envs.ocaml.source import Definition, Listing, Site, list_source
from gymcc.envs.ocaml.source.profile import site_counts

VERSION = "2"  # of the costs: another one where they change
SIMULATOR = "ocaml_simulator"


def versions(rules: Rules) -> dict[str, str]:
    """What simulated costs depend on."""
    return {SIMULATOR: f"{VERSION} {rules.name}"}


@dataclass(frozen=True, slots=True)
class SimulatedFigures:
    """What decisions cost."""

    cost: float  # instructions
    text: int  # bytes of machine code
    words: int  # allocated
    refused: frozenset[Path]


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Decisions as the inliner asks for them; ``unasked`` are the paths that are inlined by default.

    A copy does unasked what the copied function's own code does, whatever else has been decided there.
    """

    decisions: Decisions
    unasked: frozenset[Path]

    def __call__(self, path: Path) -> bool:
        action = self.decisions.get(path)
        if action is None:
            action = self.decisions.get(path[-1:], Action.DEFAULT)
        if action is Action.DEFAULT:
            return path in self.unasked or path[-1:] in self.unasked
        return action is Action.INLINE


class Simulator:
    """One program of the subset; raises OcamlError for others, ProgramError if it does not reach its end.

    ``rules``: those of closure mode, whose decisions are binary, or of Flambda. ``fuel``: calls and turns of loops
    within which the program must reach its end.
    """

    deterministic = True
    unit = "instructions"

    def __init__(self, source: str, name: str, rules: Rules = CLOSURE, fuel: int = FUEL) -> None:
        self.program: Program = parse_program(source, name)
        self.listing: Listing = list_source(source)
        self.rules = rules
        self.model = CostModel(self.program, rules, fuel=fuel)
        self._unasked = self.flambda_rule() if rules.arguments else closure(self.model.session).inline
        self._outer = outer_functions(self.program)
        self._opened: dict[Path, Mapping[Path, Opening]] = {}
        self.baseline = self.cost({})

    # What there is to decide

    @property
    def sites(self) -> tuple[Site, ...]:
        """The calls, in the order in which the called functions stand in the source."""
        return self.listing.sites

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """The functions that the program names."""
        return self.listing.definitions

    def legal(self, path: Path) -> frozenset[Action]:
        """What can be decided for a path; for one of several sites if the calls before it alone are inlined."""
        self._check(path)
        opening = self._open(path[:-1]).get(path) if len(path) > 1 else None
        inlinable = path[0] in self._inlinable if len(path) == 1 else opening is not None and not opening.closed
        if not inlinable:
            return frozenset({Action.DEFAULT})
        both = frozenset({Action.INLINE, Action.NEVER})
        return both | {Action.DEFAULT} if self.rules.arguments else both

    def default(self, site: int) -> Action:
        """What the middle end does unasked; Flambda decides anew in every copy."""
        if self.rules.arguments:
            return Action.DEFAULT
        return Action.INLINE if (site,) in self._unasked else Action.NEVER

    def children(self, path: Path) -> tuple[int, ...]:
        """The sites in the body that inlining at the end of ``path`` copies."""
        self._check(path)
        opening = self._open(path[:-1]).get(path)
        return () if opening is None or opening.closed or opening.callee is None else self._within[opening.callee]

    def flambda_rule(self) -> frozenset[Path]:
        """What Flambda would inline unasked at -O3, whatever the rules here."""
        session = self.model.session if self.rules.arguments else Session(self.program, FLAMBDA)
        return flambda(session, O3).inline

    @cached_property
    def profile(self) -> tuple[int, ...]:
        """How often each call is made by the program as it stands."""
        return site_counts(self.program, self.model.recording)

    # What it costs

    def cost(self, decisions: Decisions) -> SimulatedFigures:
        """What decisions cost."""
        residual = self._residual(decisions)
        cost = self.model.cost_of(residual)
        asked = {path for path, action in decisions.items() if action is Action.INLINE}
        refused = (
            each.path
            for each in (residual.openings if asked else ())
            if not each.inlined and (each.path in asked or (each.path[-1:] in asked and each.path not in decisions))
        )
        return SimulatedFigures(float(cost.time), cost.size, cost.words, frozenset(refused))

    def check(self, decisions: Decisions) -> None:
        """Run the program as decided; raises :class:`BackendError` if it prints something else than it did."""
        residual = self._residual(decisions).program()
        try:
            printed = run(residual).output
        except ProgramError as error:
            raise BackendError(f"{self.program.name} as decided: {error}") from error
        if printed != self.model.recording.output:
            raise BackendError(f"output changed: {self.program.name} prints something else with these decisions")

    def source(self, decisions: Decisions) -> str:
        """The program as decided, in OCaml."""
        return print_program(self._residual(decisions).program()).text

    def versions(self) -> dict[str, str]:
        """What costs depend on."""
        return versions(self.rules)

    # How it is done

    def _residual(self, decisions: Decisions) -> Residual:
        for path in decisions:
            self._check(path)
        return self.model.session.residual(_Chosen(decisions, self._unasked))

    @cached_property
    def _inlinable(self) -> frozenset[int]:
        """Sites of which some copy can be inlined, be it alone or with all others."""
        every = sites(range(len(self.sites)))
        openings = (each for chosen in (NOTHING, every) for each in self.model.session.residual(chosen).openings)
        return frozenset(each.path[-1] for each in openings if not each.closed)

    @cached_property
    def _within(self) -> Mapping[int, tuple[int, ...]]:
        """The sites in each function's body, those of functions in it too, by the function's id."""
        found: dict[int, list[int]] = {0: [], **{function: [] for function in self._outer}}
        for site in self.program.sites:
            around: int | None = site.caller
            while around is not None:
                found[around].append(site.id)
                around = self._outer.get(around)
        return {function: tuple(within) for function, within in found.items()}

    def _open(self, path: Path) -> Mapping[Path, Opening]:
        """The calls where those along ``path`` alone are inlined."""
        found = self._opened.get(path)
        if found is None:
            along = Paths(frozenset(path[:length] for length in range(1, len(path) + 1)))
            openings = self.model.session.residual(along).openings
            found = self._opened[path] = {each.path: each for each in openings}
        return found

    def _check(self, path: Path) -> None:
        if not path or not all(0 <= site < len(self.sites) for site in path):
            raise ValueError(f"{path} is no path of sites; {self.program.name} has sites 0 to {len(self.sites) - 1}")
        for outer, inner in pairwise(path):
            if self.rules.arguments and self.program.sites[outer].callee is None:
                continue  # it may become known
            callee = self.program.sites[outer].callee
            if callee is None or inner not in self._within[callee]:
                raise ValueError(f"{path} is no path: {self.sites[inner]} is not in what {self.sites[outer]} calls")
