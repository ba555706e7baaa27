"""From what whole trees of decisions cost to what each decision is worth, as in "Inlining ML with ML" (Quah, 2018).

Every node v of the union of a program's trees has two unknowns: what inlining it is worth at once, w_inl(v), and what
leaving it a call is worth, w_app(v). A tree's benefit is the sum over its nodes of γ ** depth times the unknown that
belongs to what the node is in it; benefits (:mod:`targets`) of the trees that were compiled (:mod:`samples`) give the
unknowns by ridge regression or the lasso (:mod:`ridge`, :mod:`lasso`). Dynamic programming finds the tree of the
greatest benefit, and for each node the pair of values between which its decision was made (:mod:`decoding`).

Which γ, penalty and target are right is found by compiling the decoded trees (:mod:`selection`). The root counts as
inlined and takes the place of an intercept. A tree that was compiled several times counts once.
"""

from __future__ import annotations

from gymcc.benchmarks.ocaml_rewards.decoding import Decoded, decode, label
from gymcc.benchmarks.ocaml_rewards.fitting import fit, fits
from gymcc.benchmarks.ocaml_rewards.samples import Samples, samples_of
from gymcc.benchmarks.ocaml_rewards.selection import Tried, general, star
from gymcc.benchmarks.ocaml_rewards.settings import GRID, HAND_LASSO, HAND_RIDGE, Setting

__all__ = [
    "GRID",
    "HAND_LASSO",
    "HAND_RIDGE",
    "Decoded",
    "Samples",
    "Setting",
    "Tried",
    "decode",
    "fit",
    "fits",
    "general",
    "label",
    "samples_of",
    "star",
]
