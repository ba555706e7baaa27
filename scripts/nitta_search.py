"""`gymcc search nitta --program FILE.lua`: a program's schedule by NITTA's methods, by our guide, or by any search."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gymcc.agents.search import ALIASES, METHODS, Budget, search
from gymcc.envs.core.choices import choose
from gymcc.envs.core.own import OwnProgram

if TYPE_CHECKING:
    from gymcc.envs.nitta.methods import Limit
    from gymcc.envs.nitta.tree import Node

GUIDED = "guided"
DRAWN = 1000  # evaluations of a method that would go on for ever, where no budget is given


def searched(
    env_id: str, program: OwnProgram, methods: Sequence[str], budget: Budget | None, seed: int, model: str = ""
) -> list[dict[str, Any]]:
    """A row per method: where it ended (``sid``), ``steps``, ``duration`` in ticks, whether it is ``complete``.

    ``model`` names a folder with a value model, whose scores then take the place of NITTA's own. An evaluation is a
    node whose options are listed. Raises ValueError for names and files that cannot be used.
    """
    from gymcc.envs.nitta.methods import METHODS as SYNTHESIS

    plain = [name for name in methods if ALIASES.get(name, name) in METHODS]
    for name in methods:
        base = name.split("+")[0].rstrip("0123456789.")
        choose(dict.fromkeys([*SYNTHESIS, GUIDED, *METHODS, *ALIASES]), name if name in plain else base, "method")
    for reason in _open(program).root.obstacles:
        print(f"note: {program.options['dataset']}: no complete schedule: {reason}", file=sys.stderr)
    return [
        _by_problem(env_id, program, name, budget, seed)
        if name in plain
        else _in_tree(_open(program), program.name, name, budget, seed, model)
        for name in methods
    ]


def _open(program: OwnProgram) -> Node:
    from gymcc.envs.nitta.numbers import NumberType
    from gymcc.envs.nitta.server.serving import read_program
    from gymcc.envs.nitta.tree import open_tree

    asked = program.options
    number = NumberType.parse(asked["number_type"]) if asked.get("number_type") else None
    microarchitecture = Path(asked["microarchitecture"]) if asked.get("microarchitecture") else None
    return open_tree(*read_program(Path(asked["dataset"]), number, microarchitecture))


def _in_tree(root: Node, name: str, method: str, budget: Budget | None, seed: int, model: str) -> dict[str, Any]:
    from gymcc.envs.nitta.methods import Limit, synthesise
    from gymcc.envs.nitta.methods.table import ENDLESS

    if budget is None and (method == GUIDED or ENDLESS & set(method.split("+"))):
        budget = Budget(evaluations=DRAWN)
    limit = Limit(budget.evaluations, budget.seconds) if budget else Limit()
    if method == GUIDED:
        return {"program": name, **_guided(root, limit)}
    scores = {"scores": _model_scores(model)} if model else {}
    return {"program": name, **synthesise(root, method, limit, seed=seed, **scores).row()}


def _guided(root: Node, limit: Limit) -> dict[str, Any]:
    """Beams that follow the shipped guide, wider and wider."""
    from gymcc.agents.nitta_value.guide import Guide
    from gymcc.agents.nitta_value.search import guided
    from gymcc.envs.nitta.methods import Outcome

    explorer, ended = guided(root, Guide.load(), limit)
    node = explorer.best or root
    return Outcome(GUIDED, node, ended, explorer.evaluations, explorer.seconds, tuple(explorer.curve)).row()


def _model_scores(folder: str) -> Any:
    """The scores of a value model, as NITTA takes them: 20 more than the model says, so that most are positive."""
    from gymcc.agents.nitta_value.model_scores import model_scores

    return model_scores(Path(folder))


def _by_problem(env_id: str, program: OwnProgram, method: str, budget: Budget | None, seed: int) -> dict[str, Any]:
    from gymcc.envs.nitta.methods import Outcome
    from gymcc.scripts.environments import make

    env = make(env_id, **program.options)
    problem, instance = env.problem, env.instances[0]
    found = search(problem, instance, method, budget or Budget(evaluations=DRAWN), seed)
    node: Node = problem.initial(instance)
    for action in found.actions:
        node = problem.apply(node, action)
    ended = "done" if found.proven else "limit"
    outcome = Outcome(found.method, node, ended, found.evaluations, found.seconds, found.curve)
    return {"program": program.name, **outcome.row()}
