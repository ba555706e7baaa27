"""The few numbers of RLlib's hundred that are worth a row."""

from __future__ import annotations

from math import isfinite
from typing import Any


def metrics_row(result: dict[str, Any]) -> dict[str, Any]:
    """``env_steps``, and where known: of recent episodes ``return_mean``, ``illegal_rate`` and
    ``failure_rate`` (share that the back end ended), and of the learner ``loss`` and the like.
    """
    runners = result.get("env_runners", {})
    learner = result.get("learners", {}).get("default_policy", {})
    values = {
        "return_mean": runners.get("episode_return_mean"),
        "illegal_rate": runners.get("illegal_rate"),
        "failure_rate": runners.get("failure_rate"),
        "refused": runners.get("refused"),
        "loss": learner.get("total_loss"),
        "td_error": learner.get("td_error_mean"),
        "q_mean": learner.get("qf_mean"),
        "entropy": learner.get("entropy"),
    }
    known = {name: float(value) for name, value in values.items() if value is not None and isfinite(value)}
    return {"env_steps": int(runners["num_env_steps_sampled_lifetime"]), **known}
