"""The best decisions found for the shipped programs in the simulator, with proofs for the small ones.

``python -m gymcc.scripts.ocaml_labels [--starts N]`` writes ``envs/ocaml/data/labels.json``; what it knows there
already is kept where it is still as good.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from random import Random

import typer
from rich.progress import track

from gymcc.agents.search import Budget, search
from gymcc.envs.core.problem import Rule
from gymcc.envs.ocaml.actions import Action
from gymcc.envs.ocaml.dataset import SHIPPED, shipped
from gymcc.envs.ocaml.env import make_problem
from gymcc.envs.ocaml.ir import Path
from gymcc.envs.ocaml.labels import LABELS, Label, shipped_labels
from gymcc.envs.ocaml.problem import MODES, OcamlInline
from gymcc.envs.ocaml.rules import flipped, followed
from gymcc.envs.ocaml.state import LETTERS, InlineState

PROVABLE = {"site": 12, "tree": 9}  # calls that are decided on at the start, up to which a proof is tried …
STATES = 30_000  # … of so many states


def main(
    starts: int = typer.Option(4, help="Hill climbs from random decisions, beside those from the rules."),
    seed: int = typer.Option(0, help="Another finds other decisions."),
) -> None:
    """Improve the labels of all shipped programs."""
    known = dict(shipped_labels())
    for mode in MODES:
        problem = make_problem(mode=mode)
        for instance in track(list(shipped()[SHIPPED]), f"labels, {mode} mode"):
            known[f"{mode} {instance}"] = improved(problem, instance, starts, seed)
            write(known)


def improved(problem: OcamlInline, instance: str, starts: int, seed: int) -> Label:
    """The best of what was known, a proof where the program is small enough, and hill climbs."""
    found = [list(problem.solution(instance) or problem.heuristic(instance))]
    proven = False
    if len(problem.initial(instance).agenda) <= PROVABLE[problem.mode]:
        proof = search(problem, instance, "exhaustive", Budget(evaluations=STATES))
        found, proven = [*found, _completed(problem, instance, proof.actions)], proof.proven
    if not proven:
        found += _climbs(problem, instance, starts, seed)
    best = min(found, key=lambda actions: _cost(problem, instance, actions))
    (version,) = problem.versions().values()
    return Label("".join(_letters(problem, instance, best)), proven, version)


def _climbs(problem: OcamlInline, instance: str, starts: int, seed: int) -> list[list[int]]:
    random, found = Random(f"{seed} {instance}"), []

    def price(actions: Sequence[int]) -> float:
        return _cost(problem, instance, actions)

    wishes = [dict(_walked(problem, instance, rule(instance, price, random)[0]).decisions) for rule in _rules(problem)]
    for wish in (*wishes, *_as_sites(problem, instance)):
        found.append([int(action) for action in flipped(problem, instance, price, random, wish).values()])
    for _ in range(starts):
        state = problem.initial(instance)
        while state.path is not None:
            state = problem.apply(state, int(random.choice(sorted(problem.allowed(state)))))
        climbed = flipped(problem, instance, price, random, dict(state.decisions))
        found.append([int(action) for action in climbed.values()])
    return found


def _rules(problem: OcamlInline) -> list[Rule]:
    return list(problem.rules().values())


def _as_sites(problem: OcamlInline, instance: str) -> list[dict[Path, Action]]:
    """In tree mode, what is best known in site mode, which copies follow."""
    sites = make_problem()
    known = sites.solution(instance)
    if problem.mode == "site" or known is None:
        return []
    decided = {path[0]: action for path, action in _walked(sites, instance, known).decisions}
    return [followed(problem, instance, lambda path: decided.get(path[-1]))]


def _completed(problem: OcamlInline, instance: str, actions: Sequence[int]) -> list[int]:
    """Decisions on all calls for one on some, of the same cost: those on copies are those on their sites."""
    decided = dict(_walked(problem, instance, actions).decisions)
    whole = followed(problem, instance, lambda path: decided.get(path, decided.get(path[-1:])))
    return [int(action) for action in whole.values()]


def _walked(problem: OcamlInline, instance: str, actions: Sequence[int]) -> InlineState:
    state = problem.initial(instance)
    for action in actions:
        state = problem.apply(state, action)
    return state


def _cost(problem: OcamlInline, instance: str, actions: Sequence[int]) -> float:
    return problem.cost(_walked(problem, instance, actions))


def _letters(problem: OcamlInline, instance: str, actions: Sequence[int]) -> list[str]:
    return [LETTERS[action] for _, action in _walked(problem, instance, actions).decisions]


def write(known: dict[str, Label]) -> None:
    """Write the labels in one go."""
    LABELS.parent.mkdir(exist_ok=True)
    temporary = LABELS.with_suffix(".part")
    lines = (f"{json.dumps(key)}: {json.dumps(asdict(label))}" for key, label in sorted(known.items()))
    temporary.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    os.replace(temporary, LABELS)
    shipped_labels.cache_clear()  # tree mode starts from what site mode has found


if __name__ == "__main__":
    typer.run(main)
