"""Which decisions a compiler heeds, found by asking for all of them and reading what it refuses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gymcc.envs.core.toolchain import ToolError
from gymcc.envs.ocaml.backends.compiler.compiling import Binary, Driver
from gymcc.envs.ocaml.backends.compiler.decisions import Action, Decisions
from gymcc.envs.ocaml.backends.compiler.diagnostics import Refusal
from gymcc.envs.ocaml.backends.compiler.inlining_report import ROUNDS, Considered, parse_report
from gymcc.envs.ocaml.backends.compiler.listing import Kind, Listing
from gymcc.envs.ocaml.backends.compiler.plan import Plan, Planner
from gymcc.envs.ocaml.backends.compiler.program import Program

STUBBORN = (Kind.SELF, Kind.PARTIAL)
PLAIN = (Kind.DIRECT, Kind.OVER)  # calls that are inlined if asked for, as far as the source tells


@dataclass(frozen=True, slots=True)
class Survey:
    """What becomes of calls that are to be inlined."""

    inlinable: frozenset[int]  # sites where it is done, at least in some copy of the code around them
    inlined: frozenset[int]  # sites where closure mode does it unasked; of no meaning for Flambda
    reasons: dict[int, str]  # why it is refused elsewhere

    def to_json(self) -> dict[str, Any]:
        """As text."""
        reasons = {str(site): reason for site, reason in self.reasons.items()}
        return {"inlinable": sorted(self.inlinable), "inlined": sorted(self.inlined), "reasons": reasons}


def from_json(body: dict[str, Any]) -> Survey:
    """Inverse of :meth:`Survey.to_json`."""
    reasons = {int(site): reason for site, reason in body["reasons"].items()}
    return Survey(frozenset(body["inlinable"]), frozenset(body["inlined"]), reasons)


def survey(driver: Driver, program: Program, listing: Listing) -> Survey:
    """Compile with every call to be inlined. Where that is too much for the compiler, the source has to tell."""
    sites = frozenset(site.id for site in listing.sites)
    plain = frozenset(site.id for site in listing.sites if site.kind in PLAIN)
    look = _flambda if driver.toolchain.flambda else _closure
    try:
        return look(driver, program, listing, sites)
    except ToolError as error:
        try:
            found = look(driver, program, listing, sites - plain)
        except ToolError:
            return Survey(plain, frozenset(), dict.fromkeys(sites - plain, f"not tried: {error}"))
        return Survey(plain | found.inlinable, found.inlined, found.reasons)


def _closure(driver: Driver, program: Program, listing: Listing, asked: frozenset[int]) -> Survey:
    decisions: Decisions = {(site,): Action.INLINE for site in asked}
    calls_alone, _ = driver.rewritten(program, Planner(program, listing, None).plan(decisions))
    inlined = asked - refused_sites(listing, calls_alone.refused).keys()
    kept, _ = driver.rewritten(program, Planner(program, listing, inlined).plan(decisions))
    refused = refused_sites(listing, kept.refused)
    return Survey(asked - refused.keys(), inlined, refused)


def _flambda(driver: Driver, program: Program, listing: Listing, asked: frozenset[int]) -> Survey:
    """All at once, and those that were refused once more by themselves: too much inlining around hides functions."""
    refused = _refused_by_flambda(driver, program, listing, asked)
    if refused and refused.keys() < asked:
        refused = _refused_by_flambda(driver, program, listing, frozenset(refused))
    return Survey(asked - refused.keys(), frozenset(), refused)


def _refused_by_flambda(driver: Driver, program: Program, listing: Listing, asked: frozenset[int]) -> dict[int, str]:
    """Warnings speak of any copy of a call, the report of each: one that is inlined is enough.

    Not so for recursive and partial applications, which stand in the report for what calls become in copies.
    """
    decisions: Decisions = {(site,): Action.INLINE for site in asked}
    binary, considered = reported(driver, program, Planner(program, listing, None).plan(decisions))
    inlined = {each.path[-1] for each in considered if each.inlined and each.path}
    somewhere = {site.id for site in listing.sites if site.place in inlined and site.kind not in STUBBORN}
    refused = refused_sites(listing, binary.refused)
    return {site: reason for site, reason in refused.items() if site in asked - somewhere}


def reported(driver: Driver, program: Program, plan: Plan) -> tuple[Binary, tuple[Considered, ...]]:
    """The executable and what Flambda says of the calls it considered, file by file and round by round."""
    files = [f"{unit.removesuffix('.ml')}.{number}.inlining.org" for unit in program.units for number in range(ROUNDS)]
    binary, done = driver.rewritten(program, plan, "-inlining-report", keep=files)
    texts = (done.files[name].decode(errors="replace") for name in files if name in done.files)
    return binary, tuple(each for text in texts for each in parse_report(text))


def refused_sites(listing: Listing, refused: Iterable[Refusal]) -> dict[int, str]:
    """Refusals by site, the first reason of each."""
    spans = {site.span: site.id for site in listing.sites}
    found: dict[int, str] = {}
    for refusal in refused:
        if refusal.span in spans:
            found.setdefault(spans[refusal.span], refusal.reason)
    return found
