"""`gymcc info`: an environment, a dataset's card, or one instance."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from importlib import import_module
from itertools import groupby
from typing import Annotated, Any

import typer

from gymcc.agents.search import methods_of
from gymcc.benchmarks.cards import card
from gymcc.envs.core.dataset_files import find_dataset
from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.registry import ROWS
from gymcc.scripts.environments import EnvId, Option, make, parse_options
from gymcc.scripts.output import Json, show

Instance = Annotated[
    str | None, typer.Option(help="Show one instance: its start state, cost, bound and legal actions.")
]
Dataset = Annotated[str | None, typer.Option(help="Show a dataset's card.")]


def command(
    env_id: EnvId, instance: Instance = None, dataset: Dataset = None, option: Option = None, as_json: Json = False
) -> None:
    """Show the documentation page of an environment, a dataset's card or an instance."""
    env = make(env_id, **parse_options(option) | ({"dataset": dataset} if dataset else {}))
    if instance:
        _show_instance(env, instance, as_json)
    elif dataset:
        name = find_dataset(env.problem.datasets, dataset, env.problem.initial).name
        show(card(env.problem, name), as_json, name)
    else:
        _show_environment(env, env_id, as_json)


def _show_instance(env: CompilerEnv[Any], uri: str, as_json: bool) -> None:
    _, info = env.reset(options={"instance": uri})
    legal = [env.problem.describe(a) for a in range(env.problem.n_actions) if info["action_mask"][a]]
    row = {
        "instance": info["instance"],
        "state": env.problem.encode(env.state),
        f"cost_{env.problem.unit}": info["cost"],
        f"bound_{env.problem.unit}": info["bound"],
        "legal_actions": legal if as_json else ", ".join(legal),
    }
    show([row] if as_json else [{"key": key, "value": value} for key, value in row.items()], as_json)
    if not as_json:
        print(env.problem.show(env.state))


def _show_environment(env: CompilerEnv[Any], env_id: str, as_json: bool) -> None:
    page = next((inspect.getdoc(import_module(row.module)) for row in ROWS if row.id == env_id), "") or ""
    spaces = {name: str(observation.space) for name, observation in env.observations.items()}
    actions = [env.problem.describe(action) for action in range(env.problem.n_actions)]
    if as_json:
        facts = {"id": env_id, "actions": actions, "observations": spaces, "datasets": list(env.problem.datasets)}
        facts |= {"methods": methods_of(env.problem)}
        show([{**facts, "unit": env.problem.unit, "deterministic": env.problem.deterministic, "page": page}], True)
        return
    print(page)
    show([{"action": index, "name": name} for index, name in _condensed(actions)], False)
    show([{"observation": name, "space": space[:100]} for name, space in spaces.items()], False)
    print(f"methods of search and compare: {', '.join(methods_of(env.problem))}")


def _condensed(actions: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The actions by number; of a row of names that only count on, such as option_0 to option_63, one line."""
    stems = [name.removesuffix(f"_{index}") if name.endswith(f"_{index}") else "" for index, name in enumerate(actions)]
    for stem, row in groupby(range(len(actions)), key=lambda index: stems[index] or index):
        first, *_, last = [*row] * 2
        if first == last:
            yield str(first), actions[first]
        else:
            yield f"{first} to {last}", f"{stem}_{first} to {stem}_{last}"
