"""A policy exported by training as a scorer of NITTA's options: it looks at the whole state of the synthesis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gymcc.agents.policy import Policy
from gymcc.agents.serving.nitta_ml.asked import Asked, Target, index_of
from gymcc.agents.serving.nitta_ml.value_model import ModelError
from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.core.episode import Episode
from gymcc.envs.core.making import make_bare
from gymcc.envs.nitta.problem import Nitta
from gymcc.envs.nitta.tree import Node

NETWORK = "policy.onnx"
FLOOR = -15.0  # of log-probabilities: with NITTA's 20 added, an option that can be taken stays above 0
REFUSED = -20.0  # with it, an option that NITTA cannot evaluate is at 0 and passed over


class PolicyModel:
    """A policy that is loaded, for one program. Thread-safe."""

    def __init__(self, policy: Policy, env: CompilerEnv[Any]) -> None:
        if not isinstance(env.problem, Nitta):
            raise ModelError(f"the policy is for {policy.card.env}, not for NITTA's synthesis")
        policy.check(env)
        (instance,) = env.instances
        self._policy, self._problem, self._max_steps = policy, env.problem, env.max_steps
        self._observe = env.observations[policy.card.observation]
        self._asked, self._lock = Asked(env.problem.initial(instance)), Lock()

    @classmethod
    def load(cls, folder: Path, target: Target | None) -> PolicyModel:
        """The policy in a folder; raises :class:`ModelError` and other ValueErrors that say what is wrong with it."""
        if target is None:
            raise ModelError(f"{folder}: a policy looks at the whole state; say with --program what NITTA synthesises")
        policy = Policy.load(folder)
        options = {**policy.card.options, "dataset": str(target.program), "split": "all"}
        options |= {"microarchitecture": target.uarch} if target.uarch else {}
        options |= {"number_type": target.number_type} if target.number_type else {}
        return cls(policy, make_bare(policy.card.env, options))

    def scores(self, views: Sequence[Mapping[str, Any]]) -> list[float]:
        """Log-probabilities of the options that NodeViews stand for, all of one node.

        Raises ValueError where the program's tree has other options there.
        """
        with self._lock:  # nodes are computed as they are asked for
            node = self._asked.node(views)
            scores = self._log_probabilities(node)
            return [scores[index_of(node, view)] for view in views]

    def _log_probabilities(self, node: Node) -> list[float]:
        """For all options of a node, those that are no actions included."""
        moves = self._problem.moves(node)
        episode = Episode(node.root.program.name, node, self._max_steps, steps=node.depth)
        observation = self._observe(episode).reshape(1, -1)
        logits = self._policy.scores(observation, moves.legal[None])[0]
        found = [FLOOR] * len(node.options)
        for action, value in enumerate(_log_softmax(logits, moves.legal)[: len(moves.kept)]):
            found[moves.kept[action]] = max(FLOOR, float(value)) if moves.legal[action] else REFUSED
        return found


def _log_softmax(logits: NDArray[np.float32], legal: NDArray[np.bool_]) -> NDArray[np.float64]:
    shifted = np.where(legal, logits.astype(np.float64), -np.inf)
    if legal.any():
        shifted -= shifted.max()
    result: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum() or 1.0)
    return result
