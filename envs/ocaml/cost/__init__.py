"""What decisions cost: the program is run once, then any decisions are priced without running it again.

    time = Σ over places of residual code, over its blocks: runs of the block × price of its operations
           + fetches of hot code that the instruction cache does not hold
           + what an empty program takes, and return addresses × what the run time system does for each at the start

A place is a declaration or the copy of a body at a path; how often its blocks run follows from one recording of the
source program (:mod:`recording`), since inlining does not change which blocks run, only where their code stands.
Prices (:mod:`prices`) are in instructions of ocamlopt's code; where variables live, which doubles and references need
no box, is followed through the residual code (:mod:`pricing`, :mod:`frame`), and so are branches (:mod:`branches`) and
what is at hand already (:mod:`common`).

Not priced: what survives collections of the minor heap and is copied, intermediate closures where unknown functions
get fewer arguments than they take, and registers beyond a count of those that are live.
"""

from __future__ import annotations

from gymcc.envs.ocaml.cost.model import Cost, CostModel
from gymcc.envs.ocaml.cost.prices import STANDARD, Prices

__all__ = ["STANDARD", "Cost", "CostModel", "Prices"]
