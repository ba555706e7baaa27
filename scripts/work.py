"""`gymcc work`: decide by a published policy, and upload what came of it."""

from __future__ import annotations

import os
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, isfinite, log
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gymcc.envs.core.choices import choose
from gymcc.scripts.budgets import Dataset, Instances, Seed
from gymcc.scripts.environments import Option, make, parse_options, pick_instances

if TYPE_CHECKING:
    from gymcc.envs.core.env import CompilerEnv
    from gymcc.envs.core.problem import Problem

EVERY = 50  # episodes between lines
Env = Annotated[str, typer.Argument(help="Environment to work in, e.g. looptune-mm-v0.")]
Server = Annotated[str, typer.Option(envvar="SSDB", help="host:port or unix://PATH.")]
Name = Annotated[str, typer.Option("--policy", help="Name that a policy is published under.")]
List = Annotated[str, typer.Option("--list", help="List that the training reads.")]
Episodes = Annotated[int, typer.Option(help="Episodes to play.")]
Epsilon = Annotated[float, typer.Option(help="Share of decisions that are taken at random, to learn from.")]
Values = Annotated[
    bool,
    typer.Option("--values", help="NITTA only: descend by a published value network, and upload for its training."),
]
Rank = Annotated[
    str | None, typer.Option(help="Name of this worker, which no other of the list may have; default: one of its own.")
]
Shown = Annotated[
    str, typer.Option(help="Until a policy is published: `random`, or as the `heuristic` or the best known `solution`.")
]
Split = Annotated[str, typer.Option(help="Instances to work on.")]


def command(
    env_id: Env,
    policy: Name,
    server: Server = "127.0.0.1:6780",
    into: List = "experience",
    episodes: Episodes = 1000,
    epsilon: Epsilon = 0.1,
    teacher: Shown = "random",
    values: Values = False,
    rank: Rank = None,
    dataset: Dataset = None,
    split: Split = "train",
    instance: Instances = None,
    option: Option = None,
    seed: Seed = 0,
) -> None:
    """Take the decisions of a compiler by a policy that the orchestrator has, and upload episodes for `gymcc train`.

    The policy is looked up for every episode: once the training publishes a better one, it decides.
    """
    options = parse_options(option) | ({"dataset": dataset} if dataset else {})
    env = make(env_id, **options)
    instances = pick_instances(env.problem, options, split, None, instance)
    target = Target(server, policy, into, rank or f"{os.uname().nodename}-{uuid.uuid4().hex[:8]}")
    if values:
        _descend(env.problem, instances, target, episodes, epsilon, seed)
    else:
        teachers = {"random": None, "heuristic": env.problem.heuristic, "solution": env.problem.solution}
        _play(env, instances, target, (episodes, epsilon, seed), choose(teachers, teacher, "teacher"))


@dataclass(frozen=True, slots=True)
class Target:
    """Where decisions come from, and outcomes go to."""

    server: str
    policy: str
    into: str
    rank: str


def _play(
    env: CompilerEnv[Any],
    instances: Sequence[str],
    target: Target,
    effort: tuple[int, float, int],
    teacher: Callable[[str], Sequence[int] | None] | None,
) -> None:
    """Episodes of any environment; ``effort``: how many, epsilon and seed."""
    from gymcc.agents.serving import Client
    from gymcc.agents.serving.online.upload import TransitionUploader
    from gymcc.agents.serving.online.worker import Report, Worker

    episodes, epsilon, seed = effort
    gains: dict[int, list[float]] = {}

    def tell(report: Report) -> None:
        gains.setdefault(report.version, []).append(log(report.speedup) if isfinite(report.speedup) else 0.0)
        done = sum(map(len, gains.values()))
        if done % EVERY == 0 or done == episodes:
            recent = gains[report.version][-EVERY:]
            mean = exp(sum(recent) / len(recent))
            print(f"{done} episodes, policy version {report.version}, recent speed-up {mean:.4g}", flush=True)

    with Client(target.server) as client:
        uploader = TransitionUploader(target.into, client=client, rank=target.rank)
        Worker(env, client, uploader, target.policy, epsilon, seed, teacher).work(instances, episodes, tell)


def _descend(
    problem: Problem[Any], programs: Sequence[str], target: Target, descents: int, epsilon: float, seed: int
) -> None:
    """Descents through NITTA's trees."""
    from gymcc.agents.nitta_value.descents import DescentUploader
    from gymcc.agents.nitta_value.working import Report, ValueWorker
    from gymcc.agents.serving import Client
    from gymcc.envs.nitta.problem import Nitta

    if not isinstance(problem, Nitta):
        raise ValueError("--values is for NITTA's value networks; allowed: nitta-synthesis-v0")
    recent: deque[Report] = deque(maxlen=EVERY)
    done = 0

    def tell(report: Report) -> None:
        nonlocal done
        done += 1
        recent.append(report)
        if done % EVERY == 0 or done == descents:
            found = sum(each.duration is not None for each in recent)
            print(f"{done} descents, network version {report.version}, schedules in {found} of the last {len(recent)}")

    with Client(target.server) as client:
        uploader = DescentUploader(target.into, client, target.rank)
        ValueWorker(problem.initial, client, uploader, target.policy, epsilon, seed).work(programs, descents, tell)
