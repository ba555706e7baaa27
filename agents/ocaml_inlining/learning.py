"""From values of decisions to a policy in a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path as File
from typing import Any

import torch
import yaml

import gymcc
from gymcc.agents.ocaml_inlining.choosing import learned
from gymcc.agents.ocaml_inlining.lessons import Label, Lessons, Values, lessons
from gymcc.agents.ocaml_inlining.network import Committee
from gymcc.agents.ocaml_inlining.settings import ENV, Settings
from gymcc.agents.policy import Card
from gymcc.agents.rllib.environment import plain
from gymcc.agents.rllib.export import export
from gymcc.agents.rllib.folder import RunFolder
from gymcc.envs.core.env import CompilerEnv

Worth = Mapping[str, Mapping[str, Values]]  # by program and model
Tell = Callable[[str], None]  # after each piece of work


def opened(settings: Settings) -> CompilerEnv[Any]:
    """The environment that examples are seen in, with all programs of the dataset; torch on one thread."""
    torch.set_num_threads(1)
    return plain(ENV, {**settings.options, "split": "all"})


def learn(settings: Settings, worth: Worth, label: Label, out: File, tell: Tell = lambda done: None) -> dict[str, Any]:
    """Train a committee into the new folder ``out``; what was found on the folds of its own programs.

    Of the dataset, programs of other splits than the settings' are left aside, even if values of them are given.
    Raises :class:`RunFolderError` if there is something at ``out``, ValueError where values do not do.
    """
    RunFolder.require_free(out)
    env = opened(settings)
    ours = [name for split in settings.splits for name in split_of(env, split) if name in worth]
    wanted = {name: worth[name] for name in worth if name in ours or name not in env.instances}
    known = lessons(env, settings.observation, wanted, label, settings.experts, tell)
    committee, found = learned(known, env, ours, settings)
    save(committee, env, settings, known.of(list(wanted)), ours, found, out)
    return found


def split_of(env: CompilerEnv[Any], split: str) -> tuple[str, ...]:
    """The programs of a split of the dataset that ``env`` was made with."""
    (dataset,) = (each for each in env.problem.datasets.values() if each.split("all") == env.instances)
    return dataset.split(split)


def save(
    committee: Committee,
    env: CompilerEnv[Any],
    settings: Settings,
    known: Lessons,
    programs: list[str],
    found: Mapping[str, float],
    out: File,
) -> None:
    """Write ``policy.onnx``, ``policy.json`` and ``settings.yaml`` into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    said = settings.model_dump(mode="json")
    (out / "settings.yaml").write_text(yaml.safe_dump(said, sort_keys=False))
    card = Card(
        env=ENV,
        options=settings.options,
        observation=settings.observation,
        observation_size=known.observations.shape[1],
        actions=[env.problem.describe(action) for action in range(env.problem.n_actions)],
        versions=env.problem.versions(),
        algorithm={"name": "committee", **said},
        network={"encoder": "committee", "experts": known.classes.shape[1], "hidden": settings.experts.hidden},
        env_steps=len(known.observations),
        validation={"folds": settings.choice.folds, "programs": programs, **found},
        gymcc=gymcc.__version__,
    )
    export(committee, card, out)
