"""`gymcc bench scaling`: measured throughput by number of runners, beside a model that says how it goes on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from gymcc.agents.config import DQN, Cloning, ConfigError, Experiment, load, parse
from gymcc.benchmarks.scaling.model import Outcome, simulate
from gymcc.benchmarks.scaling.times import Times
from gymcc.scripts.output import Json, show
from gymcc.scripts.train import overridden

if TYPE_CHECKING:
    from gymcc.agents.rllib.measuring import Measurement

DEFAULT = {
    "env": {"id": "jitcse-v0"},
    "algorithm": {"name": "ppo", "batch_size": 8000, "minibatch_size": 1000, "epochs": 6},
    "network": {"encoder": "set", "layers": [128, 128]},
    "budget": {"env_steps": 1, "iteration_steps": 1},
}
Config = Annotated[Path | None, typer.Argument(help="A YAML of configs/; default: PPO on jitcse-v0.")]
Runners = Annotated[str, typer.Option(help="Numbers of runners to measure; 0: in the learner's process.")]
Predict = Annotated[str, typer.Option(help="Numbers of runners to predict.")]
Seconds = Annotated[float, typer.Option(help="Measured for each number of runners, at least.", min=0.1)]
WarmUp = Annotated[float, typer.Option(help="Seconds of training before that.", min=0)]
Cores = Annotated[int, typer.Option(help="Of the predicted machine; 0: one for every process.", min=0)]
Slow = Annotated[
    float, typer.Option(help="Predict as if the slowest tenth of the episodes took so often as long.", min=0)
]
Set = Annotated[list[str] | None, typer.Option("--set", help="Override a key, e.g. --set env.options.backend=model.")]


def command(
    config: Config = None,
    runners: Runners = "0,1,2",
    predict: Predict = "16,64,256",
    seconds: Seconds = 20.0,
    warm_up: WarmUp = 10.0,
    cores: Cores = 0,
    slow: Slow = 1.0,
    override: Set = None,
    as_json: Json = False,
) -> None:
    """Training steps a second by number of runners, where the time goes, and what is to be expected of more of them.

    The model is fed with the durations of the first measurement with a runner in another process.
    """
    measured, predicted = _numbers(runners, "--runners"), _numbers(predict, "--predict")
    experiment = overridden(load(config) if config else parse(DEFAULT), override or [])
    if isinstance(experiment.algorithm, Cloning):
        raise ConfigError("algorithm.name: cloning has no runners; allowed: dqn, ppo, impala, appo")
    from gymcc.agents.rllib.cores import available_cores
    from gymcc.agents.rllib.measuring import measure

    found = [measure(experiment, number, seconds, warm_up) for number in measured]
    fed = next((each for each in found if each.runners), found[0])
    times = times_of(fed)
    tables = {
        "measured": [_measured(each, found, times, experiment, len(available_cores())) for each in found],
        "predicted": [_predicted(times.mixed(0.1, slow), number, cores, experiment) for number in predicted],
    }
    if as_json:
        print(json.dumps(tables, indent=2))
        return
    show(tables["measured"], False, f"Measured on {len(available_cores())} cores; time by what the learner waits for")
    show(tables["predicted"], False, f"Predicted from the times at {fed.runners} runners")
    print(_first_bottleneck(tables["predicted"]))


def _numbers(text: str, option: str) -> list[int]:
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        numbers = [-1]
    if min(numbers) < 0:
        raise ValueError(f"{option}: expected whole numbers from 0 with commas between, e.g. 0,1,2; got {text!r}")
    return numbers


def times_of(measured: Measurement) -> Times:
    """What the model is fed with; RLlib's bookkeeping counts as the learner's work."""
    clock, parts = measured.clock, measured.parts()
    answers = [answer for answers in clock.rounds for answer in answers]
    lengths, in_environment = np.array(clock.episodes, float).T
    a_step = sum(sum(answer.parts.values()) for answer in answers) / sum(answer.steps for answer in answers)
    bookkeeping = parts["other"] / sum(steps for steps, _ in clock.updates)
    fixed = len(clock.rounds) * measured.send + len(answers) * measured.receive
    return Times(
        episode_steps=lengths,
        episode_seconds=in_environment,
        step_overhead=max(0.0, a_step - in_environment.sum() / lengths.sum()),
        answer_overhead=float(np.mean([answer.busy - sum(answer.parts.values()) for answer in answers])),
        update=np.array([seconds / steps + bookkeeping for steps, seconds in clock.updates if steps]),
        send=measured.send,
        receive=measured.receive,
        receive_step=max(0.0, parts["transfer"] - fixed) / sum(answer.steps for answer in answers),
    )


def _batch(experiment: Experiment, runners: int) -> int:
    """Environment steps between updates."""
    algorithm = experiment.algorithm
    if isinstance(algorithm, DQN):  # as its training step asks for them
        return algorithm.n_step * experiment.runners.envs_per_runner * max(1, runners)
    return algorithm.batch_size


def _measured(
    each: Measurement, found: Sequence[Measurement], times: Times, experiment: Experiment, cores: int
) -> dict[str, Any]:
    """A row: what was measured, what the model says of it, and percentages of the time."""
    alone = next((other.steps_per_s for other in found if other.runners == 1), None)
    said = simulate(times, each.runners, cores=cores, batch=_batch(experiment, each.runners), waits=each.waits)
    shares = {f"{name}_%": round(100 * part / each.seconds, 1) for name, part in each.parts().items()}
    return {
        "runners": each.runners,
        "steps_per_s": each.steps_per_s,
        "efficiency": each.steps_per_s / (alone * each.runners) if alone and each.runners else None,
        "model": said.steps_per_s,
        "error_%": round(100 * (said.steps_per_s / each.steps_per_s - 1), 1),
        "runners_busy_%": round(100 * each.busy(), 1),
        **shares,
        "load": each.load,
    }


def _predicted(times: Times, runners: int, cores: int, experiment: Experiment) -> dict[str, Any]:
    """A row: in turns, and without waiting."""
    settings = {"batch": _batch(experiment, runners), "updates": 40}
    outcomes: list[Outcome] = []
    for waits in (True, False):
        outcomes.append(simulate(times, runners, cores=cores or runners + 1, waits=waits, **settings))
    turns, free = outcomes
    alone = simulate(times, 1, cores=cores or 2, waits=True, batch=_batch(experiment, 1), updates=40)
    return {
        "runners": runners,
        "cores": cores or runners + 1,
        "in_turns_steps_per_s": turns.steps_per_s,
        "efficiency": turns.steps_per_s / (runners * alone.steps_per_s) if runners else None,
        "bottleneck": turns.bottleneck,
        "without_waiting_steps_per_s": free.steps_per_s,
        "gain": free.steps_per_s / turns.steps_per_s,
        "its_bottleneck": free.bottleneck,
        "its_lag_updates": free.lag,
    }


def _first_bottleneck(rows: Sequence[dict[str, Any]]) -> str:
    """One line; in turns, and without waiting."""
    told = []
    for key, how in (("bottleneck", "in turns"), ("its_bottleneck", "without waiting")):
        row = next((row for row in rows if row[key] != "runners"), None)
        told.append(f"{how}: {row[key]}, at {row['runners']} runners" if row else f"{how}: none, runners are busy")
    return "First bottleneck " + "; ".join(told) + "."
