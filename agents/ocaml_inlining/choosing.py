"""When a committee decides against the compiler, chosen on programs that it has not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from math import exp, log
from typing import Any, NamedTuple

from gymcc.agents.ocaml_inlining.fitting import fit
from gymcc.agents.ocaml_inlining.lessons import Lessons
from gymcc.agents.ocaml_inlining.network import Columns, Committee, Rule
from gymcc.agents.ocaml_inlining.settings import Choice, Settings
from gymcc.agents.policy import rollouts
from gymcc.agents.rllib.export import TorchScorer
from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.ocaml.observations.call import NextCall
from gymcc.envs.ocaml.problem import OcamlInline


class Outcome(NamedTuple):
    """What a policy's decisions cost, in shares of the default's."""

    time: float
    size: float
    cost: float  # the environment's: time, and size to the power of its weight


def learned(
    lessons: Lessons, env: CompilerEnv[Any], programs: Sequence[str], settings: Settings
) -> tuple[Committee, dict[str, Any]]:
    """A committee that has learned from ``programs`` and from all that are no programs of the dataset, and figures.

    Its rule is that which is best on folds of ``programs``, each by a committee that has not seen the fold. Figures are
    those of the rule that was chosen: geometric means over all folds, and the slowest.
    """
    others = [name for name in lessons.programs if name not in env.instances]
    choice = settings.choice
    rules = [Rule(*parts) for parts in product(choice.inline, choice.never, choice.within)]
    found: dict[Rule, list[Outcome]] = {rule: [] for rule in rules}
    for fold in folds(programs, choice.folds):
        seen = [name for name in programs if name not in fold]
        committee = fit(lessons.of([*others, *seen]), settings, columns(env, settings))
        for rule, outcomes in found.items():
            committee.follow(rule)
            outcomes += outcomes_of(committee, env, settings.observation, fold)
    chosen = choose_rule(found, choice)
    committee = fit(lessons.of([*others, *programs]), settings, columns(env, settings))
    committee.follow(chosen)
    return committee, {"rule": chosen._asdict(), **figures(found[chosen])}


def folds(programs: Sequence[str], count: int) -> list[list[str]]:
    """Every ``count``-th program of a list; raises ValueError if there are fewer programs than folds."""
    if not 2 <= count <= len(programs):
        raise ValueError(f"{len(programs)} programs cannot be held out in {count} folds; 2 to {len(programs)} can")
    return [list(programs[start::count]) for start in range(count)]


def columns(env: CompilerEnv[Any], settings: Settings) -> Columns:
    """Of what rules look at; raises ValueError for an observation without."""
    observation = env.observations.get(settings.observation)
    if not isinstance(observation, NextCall):
        known = ", ".join(name for name, each in env.observations.items() if isinstance(each, NextCall))
        raise ValueError(f"observation: a committee looks at calls, not {settings.observation!r}; allowed: {known}")
    looked_at = ("default_is_inline", "predicted_growth", "callee_size", "whole_size")
    return Columns(*map(observation.names.index, looked_at))


def outcomes_of(
    committee: Committee, env: CompilerEnv[Any], observation: str, programs: Sequence[str]
) -> list[Outcome]:
    """What the committee's greedy decisions cost; raises :class:`gymcc.envs.core.problem.BackendError`."""
    decided = rollouts(TorchScorer(committee), env, observation, programs)
    return [outcome(env, program, actions) for program, actions in zip(programs, decided, strict=True)]


def outcome(env: CompilerEnv[Any], program: str, actions: Sequence[int]) -> Outcome:
    """What decisions on a program cost; raises :class:`gymcc.envs.core.problem.BackendError`."""
    problem = env.problem
    assert isinstance(problem, OcamlInline)
    state = problem.initial(program)
    for action in actions:
        state = problem.apply(state, action)
    found, default = problem.price(state), problem.backend(program).baseline
    time, size = found.cost / default.cost, found.text / default.text
    return Outcome(time, size, time * max(1.0, size) ** problem.size_weight)


def choose_rule(found: Mapping[Rule, Sequence[Outcome]], choice: Choice) -> Rule:
    """The rule that is fastest among those that keep the limits, the surest if there are none."""
    known = {rule: figures(outcomes) for rule, outcomes in found.items()}
    kept = [rule for rule, each in known.items() if each["size"] <= choice.growth and each["slowest"] <= choice.slowest]
    if kept:
        return min(kept, key=lambda rule: known[rule]["time"])
    return max(known, key=lambda rule: (rule.inline, rule.never, -rule.within))


def figures(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Geometric means, and the time of the program that became the slowest."""
    means = {name: exp(sum(log(getattr(each, name)) for each in outcomes) / len(outcomes)) for name in Outcome._fields}
    return {**means, "slowest": max(each.time for each in outcomes)}
