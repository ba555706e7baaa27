"""Finding environments, problems and instances from what was typed."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from gymcc.envs.core.dataset_files import find_dataset
from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.core.making import make_bare
from gymcc.envs.core.problem import Problem

EnvId = Annotated[str, typer.Argument(help="A registered environment id; `gymcc list` names them.")]
Option = Annotated[
    list[str] | None,
    typer.Option("--option", "-o", help="An option of the environment, e.g. -o backend=model; repeatable."),
]


def parse_options(pairs: Sequence[str] | None) -> dict[str, Any]:
    """``["backend=model", "max_steps=5"]`` as keyword arguments; values are JSON where they can be, else text."""
    options = {}
    for pair in pairs or ():
        key, equals, value = pair.partition("=")
        if not equals or not key.isidentifier():
            raise ValueError(f"bad option {pair!r}; expected key=value")
        try:
            options[key] = json.loads(value)
        except json.JSONDecodeError:
            options[key] = value
    return options


def make(env_id: str, **options: Any) -> CompilerEnv[Any]:
    """The environment without wrappers; raises ValueError naming the known ids, or the option that is wrong."""
    return make_bare(env_id, options)


def pick_instances(
    problem: Problem[Any],
    options: Mapping[str, Any],
    split: str,
    count: int | None,
    named: Sequence[str] | None = None,
) -> tuple[str, ...]:
    """The instances to work on, each once: those named, or ``count`` spread evenly over a split (all if None).

    The split is of the dataset in ``options``, or of the problem's first. What the problem has to say of those named
    is told on standard error.
    """
    if named:
        chosen = tuple(dict.fromkeys(problem.resolve(uri) for uri in named))
        for instance, caveat in ((instance, problem.caveat(instance)) for instance in chosen):
            if caveat:
                print(f"note: {instance}: {caveat}", file=sys.stderr)
        return chosen
    dataset = str(options.get("dataset") or next(iter(problem.datasets)))
    members = find_dataset(problem.datasets, dataset, problem.initial).split(split)
    if not members:
        raise ValueError(f"dataset {dataset!r} has no {split} split")
    if count is None or count >= len(members):
        return members
    if count < 1:
        raise ValueError(f"the number of instances must be at least 1, got {count}")
    return tuple(members[round(index * (len(members) - 1) / max(1, count - 1))] for index in range(count))
