"""Which settings are right, by what the trees that they decode cost when compiled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

from gymcc.benchmarks.ocaml_rewards.decoding import Decoded
from gymcc.benchmarks.ocaml_rewards.fitting import fits
from gymcc.benchmarks.ocaml_rewards.samples import Samples
from gymcc.benchmarks.ocaml_rewards.settings import Setting
from gymcc.benchmarks.ocaml_runs.measuring import Measure, Outcome, Task

LEAST_GAIN = 1e-3  # of the initial time: programs with less to gain weigh no more than with that


@dataclass(frozen=True, slots=True)
class Tried:
    """The fits of one program: the decoded trees, and what they cost in shares of the default.

    inf is where compilers fail.
    """

    samples: Samples
    decoded: Mapping[Setting, Decoded]
    objectives: Mapping[Setting, float]

    @property
    def best(self) -> float:
        """The least that a decoded tree costs."""
        return min(self.objectives.values())


def attempt(samples: Samples, settings: Sequence[Setting], measure: Measure) -> Tried:
    """Fit, decode, and compile what was decoded; equal trees once."""
    decoded = dict(fits(samples, settings))
    trees = list(dict.fromkeys(each.tree for each in decoded.values()))
    outcomes = measure([Task(samples.program, tree) for tree in trees])
    objectives = dict(zip(trees, map(_objective, outcomes), strict=True))
    return Tried(samples, decoded, {setting: objectives[each.tree] for setting, each in decoded.items()})


def star(tried: Tried) -> Setting:
    """H*: the setting that is best for one program; of equal ones the first."""
    return min(tried.objectives, key=lambda setting: tried.objectives[setting])


def general(tried: Sequence[Tried]) -> Setting:
    """h_general: the setting that over all programs loses the least of what could be gained in each."""
    return min(tried[0].objectives, key=lambda setting: sum(loss(each, setting) for each in tried))


def loss(tried: Tried, setting: Setting) -> float:
    """(t - t_best) / (t_init - t_best), at least 0: the part of the possible gain that a setting loses."""
    initial, objective = tried.samples.initial, tried.objectives[setting]
    if objective == inf:
        return inf
    return max(0.0, objective - tried.best) / max(initial - tried.best, LEAST_GAIN * initial)


def _objective(outcome: Outcome) -> float:
    return inf if outcome.objective is None else outcome.objective
