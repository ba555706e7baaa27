"""The inliner of the simulator: decisions on the tree of paths, and what a middle end makes of the copies.

:func:`inline` puts the bodies of called functions in place of the calls that are decided so, and does with them what
ocamlopt's middle ends do: arguments for parameters, folding of constants and of branches whose outcome is known,
removal of pure bindings that nobody uses, direct calls of functions that have become known (which can then be inlined
in turn), partial applications that get the rest of their arguments, and tuples and records that meet their consumer.
Nothing else; the order of evaluation and all effects stay. Doubles meet their consumers in the cost model, where boxes
are.

A path is a tuple of sites, outermost first; the call at path (s1, …, sk) is the one at site sk in the copy made for
path (s1, …, sk-1). Decisions deeper than a call that is not inlined have no effect. Two rules say what the middle end
is able to: ``FLAMBDA`` and ``CLOSURE`` (:class:`Rules`).
"""

from __future__ import annotations

from gymcc.envs.ocaml.inliner.decisions import NOTHING, Decisions, Mixed, Paths, Sites, mixed, paths, sites
from gymcc.envs.ocaml.inliner.opening import Decide, Offer, Opening
from gymcc.envs.ocaml.inliner.rules import CLOSURE, FLAMBDA, Rules
from gymcc.envs.ocaml.inliner.session import Residual, Session
from gymcc.envs.ocaml.ir import Program


def inline(program: Program, decisions: Decisions, rules: Rules = FLAMBDA) -> Program:
    """The program with calls inlined as decided."""
    return Session(program, rules).residual(decisions).program()


def open_sites(program: Program, decisions: Decisions, rules: Rules = FLAMBDA) -> tuple[Opening, ...]:
    """Every call in the program as decided: open to a decision, or why not; and whether it was inlined."""
    return Session(program, rules).residual(decisions).openings


__all__ = [
    "CLOSURE",
    "FLAMBDA",
    "NOTHING",
    "Decide",
    "Decisions",
    "Mixed",
    "Offer",
    "Opening",
    "Paths",
    "Residual",
    "Rules",
    "Session",
    "Sites",
    "inline",
    "mixed",
    "open_sites",
    "paths",
    "sites",
]
