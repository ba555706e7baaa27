"""LoopTune's named observations: a default of our own, and every one the original documents."""

from __future__ import annotations

from gymcc.envs.core.observation import Observation
from gymcc.envs.looptune.observations.default import Schedule
from gymcc.envs.looptune.observations.graphs import IrGraph, IrTree
from gymcc.envs.looptune.observations.original import LoopsTensor, PreviousActions, StrideTensor
from gymcc.envs.looptune.observations.plain import Flops, Ir, LoopTree, Runtime
from gymcc.envs.looptune.problem import LoopTune


def observations(problem: LoopTune) -> dict[str, Observation]:
    """Observations by name; ``default`` is the one of a registered environment."""
    return {
        "default": Schedule(problem),
        "runtime": Runtime(problem),
        "flops": Flops(problem),
        "ir": Ir(),
        "loop_tree": LoopTree(),
        "ir_tree_networkx": IrTree(),
        "ir_graph_networkx": IrGraph(),
        "loops_tensor": LoopsTensor(),
        "stride_tensor": StrideTensor(),
        "5_prev_actions_tensor": PreviousActions(problem),
    }
