"""NITTA's search methods, and samplers of ours, over a synthesis tree: ``synthesise(root, "stateOfTheArt")``."""

from gymcc.envs.nitta.methods.explorer import Explorer, Limit, LimitReached, SynthesisCrashed, default_scores
from gymcc.envs.nitta.methods.protocol import SynthesisNode, depth, is_success
from gymcc.envs.nitta.methods.table import METHODS, Outcome, resolve, synthesise

__all__ = [
    "METHODS",
    "Explorer",
    "Limit",
    "LimitReached",
    "Outcome",
    "SynthesisCrashed",
    "SynthesisNode",
    "default_scores",
    "depth",
    "is_success",
    "resolve",
    "synthesise",
]
