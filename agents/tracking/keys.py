"""The numbers that a dashboard shows: few, in sections, each explained.

``metrics.jsonl`` has the short names; Weights & Biases and TensorBoard get them under their section, which makes them
panels that stand together. The axis is ``env_steps`` everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

AXIS = "env_steps"
CHART = "validation/against_baselines"  # the learning curve and the baselines in one picture

KEYS = {  # name in metrics.jsonl → name on dashboards, meaning
    "validation_speedup": (
        "validation/speedup",
        "geometric mean over the validation instances of default cost over final cost, decided greedily; 1: no gain",
    ),
    "validation_heuristic": ("validation/heuristic", "the same for the compiler's own heuristic"),
    "validation_best_known": ("validation/best_known", "the same for the best decisions known, where they are"),
    "validation_slower": ("validation/slower", "share of validation instances left over 1 % slower than the default"),
    "return_mean": ("train/return_mean", "undiscounted reward of recent training episodes, exploration included"),
    "illegal_rate": ("train/illegal_rate", "share of actions that the mask forbade; 0 unless masking is off"),
    "failure_rate": ("train/failure_rate", "share of episodes that the back end ended: crash, time-out"),
    "left_out": ("train/left_out", "instances that the back end failed on and that training goes on without"),
    "refused": ("train/refused", "uploaded batches that do not fit the network, passed over (data: orchestrator)"),
    "published": ("validation/published", "version of the policy that the orchestrator's name stands for"),
    "epsilon": ("train/epsilon", "share of random actions (DQN)"),
    "loss": ("learner/loss", "what the optimiser minimises"),
    "td_error": ("learner/td_error", "mean temporal-difference error (DQN)"),
    "q_mean": ("learner/q_mean", "mean value of replayed actions (DQN)"),
    "entropy": ("learner/entropy", "of the policy, in nats (PPO)"),
    "steps_per_s": ("time/steps_per_s", "environment steps per second of the last iteration, learning included"),
    "seconds": ("time/seconds", "spent on training, over all resumptions"),
    "iteration": ("time/iteration", "rows of metrics so far"),
}
BASELINES = {"validation_speedup": "agent", "validation_heuristic": "heuristic", "validation_best_known": "best known"}

NOTES = "\n".join(
    [
        f"Axis: `{AXIS}`, environment steps since the start. `{CHART}`: the learning curve beside baselines.",
        "",
        *(f"- `{shown}`: {meaning}" for shown, meaning in KEYS.values()),
        "- `evaluation/methods`: the policy against searches at equal budgets; `evaluation/instances`: every instance",
        "- `evaluation/example`: one instance worked through; `evaluation/report`: the whole report",
    ]
)


def shown(row: Mapping[str, Any]) -> dict[str, float]:
    """A row of metrics under the names of dashboards; what is not curated goes under ``other/``."""
    numbers = {name: value for name, value in row.items() if isinstance(value, int | float)}
    named = {(KEYS[name][0] if name in KEYS else f"other/{name}"): value for name, value in numbers.items()}
    if AXIS in row:
        del named[f"other/{AXIS}"]
        named[AXIS] = row[AXIS]
    return named
