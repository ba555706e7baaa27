"""Training while compilers run, as a picture: what decisions cost, against time, and which version took them.

``python -m gymcc.scripts.online_picture docs/ocaml-online.svg --minutes 4`` starts a server, a training that has no
episodes of its own and, in this process, a worker that decides on the training programs by the policy at work, at
random until there is one. Whenever the name moves, programs that nobody learns from are compiled by the new version.
Costs are the simulator's, so that minutes show what takes a real compiler hours.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import isfinite, log
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from gymcc.agents.policy import rollouts
from gymcc.agents.serving import Client, served_policy
from gymcc.agents.serving.client.decide import published_key, version_of
from gymcc.agents.serving.online.upload import TransitionUploader
from gymcc.agents.serving.online.worker import Report, Worker
from gymcc.benchmarks.report.figures import OURS, PALETTE
from gymcc.benchmarks.report.markup import Markup, tag
from gymcc.benchmarks.report.picture import LIGHT
from gymcc.benchmarks.report.style import CSS
from gymcc.benchmarks.report.svg import Series, axis_over, chart
from gymcc.envs.core.env import CompilerEnv
from gymcc.scripts.environments import make, pick_instances

CONFIG = Path("configs/ocaml-dqn.yaml")  # of a checkout
ENV, OPTIONS = "ocaml-inline-v0", {"observation": "static"}
TRAIN, COUNT = "ocaml/generated", 60  # programs that the worker is given
UNSEEN, SPLITS = "ocaml/programs", ("train", "test")  # the gate looks at the third split
NAME, LIST = "inlining", "experience"
COMMAND = [sys.executable, "-m", "gymcc.scripts.main"]
SHARE = 0.1  # of decisions that are explored
RECENT = 100  # episodes that the worker's curve is the mean of
WIDTH, HEIGHT, KEY = 760, 340, 30  # pixels
ALGORITHM = ("algorithm.learning_starts=500", "algorithm.target_update=500", "budget.iteration_steps=500")


@dataclass(slots=True)
class Log:
    """Logarithms of costs over the default's, by seconds since the start."""

    worked: list[tuple[float, float]] = field(default_factory=list)  # one for each episode
    unseen: list[tuple[float, float, int]] = field(default_factory=list)  # mean, version


def main(
    picture: Annotated[Path, typer.Argument(help="SVG file to draw.")],
    minutes: Annotated[float, typer.Option(help="Of training.", min=0.1)] = 4.0,
) -> None:
    """Draw costs against time while a policy learns from the compilations that it decides."""
    with tempfile.TemporaryDirectory() as folder, _serving(Path(folder)) as server, Client(server) as client:
        found = _observed(client, Path(folder), server, minutes)
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_text(draw(found) + "\n", encoding="utf-8")
    for seconds, cost, version in found.unseen:
        print(f"{seconds:.0f} s: version {version}, unseen programs at {np.exp(cost):.4f} of the default's cost")


@contextmanager
def _serving(folder: Path) -> Iterator[str]:
    """A server's address."""
    path = folder / "gymcc.sock"
    server = subprocess.Popen([*COMMAND, "serve", "--unix", str(path)], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        server.stdout.readline()  # ready
        yield f"unix://{path}"
    finally:
        server.terminate()
        server.wait()


def _observed(client: Client, folder: Path, server: str, minutes: float) -> Log:
    """Work while the training runs, and look at the unseen programs when the policy changes."""
    env, found = make(ENV, **OPTIONS), Log()
    train = pick_instances(env.problem, {"dataset": TRAIN}, "train", COUNT)
    unseen = [each for split in SPLITS for each in pick_instances(env.problem, {"dataset": UNSEEN}, split, None)]
    for instance in (*train, *unseen):  # opened now, which takes longer than to compile them once more
        env.problem.cost(env.problem.initial(instance))
    start = time.monotonic()

    def tell(report: Report) -> None:
        if isfinite(report.speedup):
            found.worked.append((time.monotonic() - start, -log(report.speedup)))

    worker = Worker(env, client, TransitionUploader(LIST, client=client, rank="worker"), NAME, SHARE, seed=0)
    with _training(folder, server, minutes) as training:
        while training.poll() is None:
            worker.work(train, 1, tell)
            key = published_key(client, NAME)
            if key and (not found.unseen or found.unseen[-1][2] != version_of(key)):
                found.unseen.append((time.monotonic() - start, _cost(env, client, key, unseen), version_of(key)))
    if training.returncode:
        raise RuntimeError(f"the training ended with status {training.returncode}")
    return found


@contextmanager
def _training(folder: Path, server: str, minutes: float) -> Iterator[subprocess.Popen[bytes]]:
    """A training under way, which is ended, if it has not ended, with the work."""
    data = json.dumps({"address": server, "list": LIST, "publish": NAME, "patience": 2})
    settings = (f"data={data}", f"budget.minutes={minutes}", "budget.env_steps=null", *ALGORITHM)
    given = [part for each in settings for part in ("--set", each)]
    environment = os.environ | {"WANDB_MODE": "disabled"}
    command = [*COMMAND, "train", str(CONFIG), "--out", str(folder / "run"), *given]
    training = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        yield training
    finally:
        if training.poll() is None:
            training.terminate()
            training.wait()


def _cost(env: CompilerEnv[Any], client: Client, key: str, instances: Sequence[str]) -> float:
    """Mean logarithm of the cost that a published policy decides for, of the default's."""
    policy = served_policy(client, key)
    logs = []
    for instance, actions in zip(instances, rollouts(policy, env, policy.card.observation, instances), strict=True):
        state = env.problem.initial(instance)
        for action in actions:
            state = env.problem.apply(state, action)
        logs.append(log(env.problem.cost(state)))
    return float(np.mean(logs))


def draw(found: Log) -> Markup:
    """The picture: a moving mean of the worker's episodes, and steps for the unseen programs."""
    seconds, costs = (np.array(column) for column in zip(*found.worked, strict=True))
    window = min(RECENT, len(costs))
    means = np.exp(np.convolve(costs, np.ones(window) / window, "valid")).tolist()
    times = seconds[window - 1 :].tolist()
    xs, ys = _steps(found.unseen, times[-1])
    series = [
        Series("default", [0.0, times[-1]], [1.0, 1.0], PALETTE[7], 1.4, "5 4"),
        Series(f"compilations learned from, {SHARE:.0%} explored", times, means, PALETTE[0], 1.8),
        Series("programs that nobody learns from", xs, ys, OURS, 3.0),
    ]
    axes = axis_over([0.0, times[-1]], "seconds"), axis_over([1.0, *means, *ys], "cost, of the default's")
    style = LIGHT + "".join(line for line in CSS.splitlines() if line.startswith(".chart"))
    return tag(
        "svg",
        tag("style", Markup(style)),
        tag("rect", width=WIDTH, height=HEIGHT + KEY, fill="#fff"),
        tag("svg", chart(series, *axes, width=WIDTH, height=HEIGHT), width=WIDTH, height=HEIGHT),
        tag("g", *_key(series), class_="chart"),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {HEIGHT + KEY}",
    )


def _steps(unseen: Sequence[tuple[float, float, int]], end: float) -> tuple[list[float], list[float]]:
    """A cost stands until the next version."""
    starts = [seconds for seconds, _, _ in unseen]
    xs = [x for pair in zip(starts, [*starts, max([end, *starts])][1:], strict=True) for x in pair]
    return xs, [float(np.exp(cost)) for _, cost, _ in unseen for _ in range(2)]


def _key(series: Sequence[Series]) -> Iterator[Markup]:
    y = HEIGHT + KEY / 2
    for one, x in zip(series, (60, 160, 440), strict=True):
        yield tag("line", x1=x, x2=x + 22, y1=y - 4, y2=y - 4, stroke=one.color, stroke_width=one.width,
                  stroke_dasharray=one.dash)  # fmt: skip
        yield tag("text", one.name, x=x + 30, y=y, class_="label")


if __name__ == "__main__":
    typer.run(main)
