"""Which decisions a compiler heeds, found by asking for all of them and reading what it refuses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gymcc.envs.core.toolchain import ToolError
from gymcc.envs.ocaml.backends.compiler.compiling import Driver
from gymcc.envs.ocaml.backends.compiler.decisions import Action, Decisions
from gymcc.envs.ocaml.backends.compiler.diagnostics import Refusal
from gymcc.envs.ocaml.backends.compiler.listing import Kind, Listing
from gymcc.envs.ocaml.backends.compiler.plan import Planner
from gymcc.envs.ocaml.backends.compiler.program import Program

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
    everything: Decisions = {(site.id,): Action.INLINE for site in listing.sites}
    all_sites = frozenset(site.id for site in listing.sites)
    unasked = Planner(program, listing, None)  # marks calls alone
    try:
        if driver.toolchain.flambda:
            return _flambda(driver, program, listing)
        plain, _ = driver.rewritten(program, unasked.plan(everything))
        inlined = all_sites - refused_sites(listing, plain.refused).keys()
        asked, _ = driver.rewritten(program, Planner(program, listing, inlined).plan(everything))
        refused = refused_sites(listing, asked.refused)
    except ToolError as error:
        sites = frozenset(site.id for site in listing.sites if site.kind in PLAIN)
        return Survey(sites, frozenset(), dict.fromkeys(all_sites - sites, f"not tried: {error}"))
    return Survey(all_sites - refused.keys(), inlined, refused)


def _flambda(driver: Driver, program: Program, listing: Listing) -> Survey:
    raise NotImplementedError


def refused_sites(listing: Listing, refused: Iterable[Refusal]) -> dict[int, str]:
    """Refusals by site, the first reason of each."""
    spans = {site.span: site.id for site in listing.sites}
    found: dict[int, str] = {}
    for refusal in refused:
        if refusal.span in spans:
            found.setdefault(spans[refusal.span], refusal.reason)
    return found
