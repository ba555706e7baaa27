"""Leave-program-out: the whole procedure, choices included, on programs that it has not seen, fold by fold.

``FOLDER/fold-0`` holds the policy of a fold, ``FOLDER/rows.jsonl`` a row per program held out; killed, what is there is
kept and gone on from.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any

from gymcc.agents.ocaml_inlining.choosing import folds, learned, outcome
from gymcc.agents.ocaml_inlining.learning import Tell, Worth, opened, save
from gymcc.agents.ocaml_inlining.lessons import Label, Lessons, lessons
from gymcc.agents.ocaml_inlining.settings import ENV, Settings
from gymcc.agents.policy import Policy, rollout
from gymcc.agents.rllib.environment import plain
from gymcc.agents.search import Budget, search
from gymcc.envs.core.env import CompilerEnv

SEARCHES = ("annealing", "flips")


@dataclass(frozen=True, slots=True)
class Trial:
    """How programs are held out: in ``folds``; ``compilers`` are back ends that the policies are tried with besides.

    The best decisions of a program are the better of annealing, by so many ``evaluations``, and of hill climbing.
    """

    folds: int = 5
    compilers: tuple[str, ...] = ()
    evaluations: int = 1000
    seed: int = 0


def hold_out(
    settings: Settings, worth: Worth, label: Label, trial: Trial, folder: File, tell: Tell = lambda done: None
) -> list[dict[str, Any]]:
    """A row for each program of the dataset that there are values of; raises ValueError as :func:`learn` does.

    Raises ValueError if the folder was begun with other settings, :class:`BackendError` where a compiler is missing.
    """
    _begin(folder, settings, trial, worth)
    env = opened(settings)
    real = {name: plain(ENV, {**settings.options, "split": "all", "backend": name}) for name in trial.compilers}
    done = _rows(folder)
    known: Lessons | None = None
    programs = [name for name in env.instances if name in worth]
    for number, fold in enumerate(folds(programs, trial.folds)):
        place = folder / f"fold-{number}"
        if not (place / "policy.onnx").is_file():
            known = known or lessons(env, settings.observation, worth, label, settings.experts)
            others = [name for name in programs if name not in fold]
            committee, found = learned(known, env, others, settings)
            save(committee, env, settings, known, others, found, place)
        policy = Policy.load(place)
        for program in fold:
            if program not in done:
                done[program] = {"fold": number, **_tried(policy, env, real, program, trial)}
                _append(folder / "rows.jsonl", done[program])
            tell(program)
    return [done[name] for name in programs]


def _tried(
    policy: Policy, env: CompilerEnv[Any], real: dict[str, CompilerEnv[Any]], program: str, trial: Trial
) -> dict[str, Any]:
    row: dict[str, Any] = {"program": program, "rule": list(policy.card.validation["rule"].values())}
    row |= dict(zip(("time", "size", "cost"), outcome(env, program, rollout(policy, env, program)), strict=True))
    budget = Budget(evaluations=trial.evaluations)
    for method in SEARCHES:
        found = search(env.problem, program, method, budget, trial.seed)
        row[method] = found.best_cost / found.baseline_cost
    for name, compiler in real.items():
        cost = outcome(compiler, program, rollout(policy, compiler, program))
        row |= {f"{name}_time": cost.time, f"{name}_size": cost.size}
    return row


def _begin(folder: File, settings: Settings, trial: Trial, worth: Worth) -> None:
    """Say how, or compare with what was said."""
    said = {
        "settings": settings.model_dump(mode="json"),
        "trial": [trial.folds, list(trial.compilers), trial.evaluations, trial.seed],
        "programs": sorted(worth),
    }
    path = folder / "trial.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(said, indent=2) + "\n")
    if json.loads(path.read_text()) != said:
        raise ValueError(f"{folder} was begun with other settings, values or options (trial.json); take another folder")


def _rows(folder: File) -> dict[str, dict[str, Any]]:
    path = folder / "rows.jsonl"
    lines: Sequence[str] = path.read_text().split("\n") if path.exists() else []
    whole = lines[:-1]  # a line torn by a kill has no end
    if path.exists():
        path.write_text("".join(line + "\n" for line in whole))
    return {row["program"]: row for row in map(json.loads, whole)}


def _append(path: File, row: dict[str, Any]) -> None:
    with path.open("a") as file:
        file.write(json.dumps(row) + "\n")
