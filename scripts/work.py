"""`gymcc work`: decide by a published policy, and upload what came of it."""

from __future__ import annotations

import os
from math import exp, isfinite, log
from typing import Annotated

import typer

from gymcc.envs.core.choices import choose
from gymcc.scripts.budgets import Dataset, Instances, Seed
from gymcc.scripts.environments import Option, make, parse_options, pick_instances

Env = Annotated[str, typer.Argument(help="Environment to work in, e.g. looptune-mm-v0.")]
Server = Annotated[str, typer.Option(envvar="SSDB", help="host:port or unix://PATH.")]
Name = Annotated[str, typer.Option("--policy", help="Name that a policy is published under.")]
List = Annotated[str, typer.Option("--list", help="List that the training reads.")]
Episodes = Annotated[int, typer.Option(help="Episodes to play.")]
Epsilon = Annotated[float, typer.Option(help="Share of decisions that are taken at random, to learn from.")]
Rank = Annotated[str | None, typer.Option(help="Name of this worker, which no other of the list may have.")]
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
    from gymcc.agents.serving import Client
    from gymcc.agents.serving.online.upload import TransitionUploader
    from gymcc.agents.serving.online.worker import Report, Worker

    options = parse_options(option) | ({"dataset": dataset} if dataset else {})
    env = make(env_id, **options)
    teachers = {"random": None, "heuristic": env.problem.heuristic, "solution": env.problem.solution}
    shown = choose(teachers, teacher, "teacher")
    instances = pick_instances(env.problem, options, split, None, instance)
    gains: dict[int, list[float]] = {}

    def tell(report: Report) -> None:
        gains.setdefault(report.version, []).append(log(report.speedup) if isfinite(report.speedup) else 0.0)
        done = sum(map(len, gains.values()))
        if done % 50 == 0 or done == episodes:
            recent = gains[report.version][-50:]
            mean = exp(sum(recent) / len(recent))
            print(f"{done} episodes, policy version {report.version}, recent speed-up {mean:.4g}", flush=True)

    with Client(server) as client:
        uploader = TransitionUploader(into, client=client, rank=rank or f"{os.uname().nodename}-{os.getpid()}")
        Worker(env, client, uploader, policy, epsilon, seed, shown).work(instances, episodes, tell)
