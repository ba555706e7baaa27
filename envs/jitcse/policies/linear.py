"""The linear policy that RyuJIT ships (``CSE_HeuristicParameterized`` in optcse.cpp), trained by MLCSE.

Each option, a candidate or to stop, is preferred by the product of 25 weights with its features; greedily the most
preferred is taken until that is to stop, or one is drawn with the softmax of the preferences as probabilities.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from gymcc.envs.jitcse.analysis import Analysis, Choice
from gymcc.envs.jitcse.policies.features import MIN_CSE_COST, log_weight, spill_at_weight
from gymcc.envs.jitcse.policies.machine import X64, Machine
from gymcc.envs.jitcse.policies.marks import Marks
from gymcc.envs.jitcse.policies.pressure import Pressure, pressure

Array = NDArray[np.float64]

MLCSE_NAMES = (
    "cost_ex", "log_use_weight", "log_def_weight", "cost_sz", "use_count", "def_count", "live_across_call",
    "integer", "const_not_shared", "shared_const", "min_cost", "const_and_live", "const_and_min_cost",
    "min_cost_and_live", "make_cse", "distinct_locals", "local_occurrences", "has_call",
    "log_use_count_x_weight", "log_local_occurrences_x_weight", "block_spread_per_block",
    "containable", "containable_and_low_cost", "live_across_call_lsra", "log_spill_at_weight",
)  # fmt: skip
SHIPPED_WEIGHTS = (
    0.2425, 0.2479, 0.1089, -0.2363, 0.2472, -0.0559, -0.8418, -0.0585, -0.2773, 0.0, 0.0213, -0.4116, 0.0,
    -0.0922, 0.2593, -0.0315, -0.0745, 0.2607, 0.3475, -0.0590, -0.3177, -0.6883, -0.4998, -0.3220, -0.2268,
)  # fmt: skip
BOOLEAN = 5.0  # a true one, so that it is about as large as the other features
STOP = -1  # the option, as its row is the last


def mlcse_features(
    analysis: Analysis, chosen: Choice = frozenset(), machine: Machine = X64, found: Pressure | None = None
) -> Array:
    """Features with some candidates kept, float64 ``(candidates + 1, 25)``; the last row is the option to stop.

    Columns as in ``MLCSE_NAMES``. Candidates that are kept or not viable have rows too. ``found`` is the method's
    :func:`~gymcc.envs.jitcse.policies.pressure.pressure`, where a caller has it already. Raises ValueError if
    ``chosen`` names candidates that the method does not have.
    """
    if beyond := [number for number in sorted(chosen) if not 0 <= number < len(analysis.candidates)]:
        raise ValueError(f"the method has {len(analysis.candidates)} candidates, got {beyond}")
    return _features(analysis, Marks(analysis, chosen), found or pressure(analysis, machine), machine)


def linear(analysis: Analysis, weights: Sequence[float] = SHIPPED_WEIGHTS, machine: Machine = X64) -> Choice:
    """The set that the greedy policy keeps; the weights in the order of ``MLCSE_NAMES``."""
    return frozenset(linear_order(analysis, weights, machine))


def linear_order(
    analysis: Analysis, weights: Sequence[float] = SHIPPED_WEIGHTS, machine: Machine = X64
) -> tuple[int, ...]:
    """What the greedy policy keeps in the order it does; ties go to stopping, then to the lowest number."""
    return _roll_out(analysis, weights, machine, lambda preferences: int(np.argmax(preferences)))


def linear_sample(
    analysis: Analysis,
    rng: np.random.Generator,
    weights: Sequence[float] = SHIPPED_WEIGHTS,
    machine: Machine = X64,
) -> tuple[int, ...]:
    """What the stochastic policy keeps, in order: each option is drawn with the softmax of the preferences."""
    return _roll_out(analysis, weights, machine, lambda each: int(rng.choice(len(each), p=softmax(each))))


def softmax(preferences: Array) -> Array:
    """Probabilities proportional to the exponentials."""
    powers = np.exp(preferences - np.max(preferences))
    return np.asarray(powers / powers.sum())


def _roll_out(
    analysis: Analysis, weights: Sequence[float], machine: Machine, pick: Callable[[Array], int]
) -> tuple[int, ...]:
    """Keep candidates until ``pick``, given the preferences with stopping first, returns 0."""
    theta = np.asarray(weights, np.float64)
    if theta.shape != (len(MLCSE_NAMES),):
        raise ValueError(f"the linear policy has {len(MLCSE_NAMES)} weights, got an array of shape {theta.shape}")
    marks, found = Marks(analysis), pressure(analysis, machine)
    kept: list[int] = []
    while True:
        options = [STOP, *(number for number in range(len(analysis.candidates)) if marks.viable(number))]
        preferences = _features(analysis, marks, found, machine) @ theta
        option = options[pick(preferences[options])]
        if option == STOP:
            return tuple(kept)
        kept.append(option)
        marks.keep(option)


def _features(analysis: Analysis, marks: Marks, found: Pressure, machine: Machine) -> Array:
    rows = np.zeros((len(analysis.candidates) + 1, len(MLCSE_NAMES)))
    for number in range(len(analysis.candidates)):
        rows[number] = _candidate(analysis, number, marks)
    rows[STOP, -1] = log_weight(spill_at_weight(found, machine, len(marks.kept)))
    return rows


def _candidate(analysis: Analysis, number: int, marks: Marks) -> list[float]:
    each = analysis.candidates[number]
    uses, weight = marks.use_count[number], marks.use_weight[number]
    cheapest, cheap = each.cost_ex == MIN_CSE_COST, each.cost_ex <= MIN_CSE_COST + 1
    return [
        each.cost_ex,
        log_weight(weight),
        log_weight(each.def_weight),
        each.cost_sz,
        uses,
        each.def_count,
        BOOLEAN * each.live_across_call,
        BOOLEAN * (not each.type.floating),
        BOOLEAN * (each.const and not each.shared_const),
        BOOLEAN * each.shared_const,
        BOOLEAN * cheapest,
        BOOLEAN * (each.const and each.live_across_call),
        BOOLEAN * (each.const and cheapest),
        BOOLEAN * (cheapest and each.live_across_call),
        BOOLEAN * each.make_cse,
        each.distinct_locals,
        each.local_occurrences,
        BOOLEAN * each.has_call,
        log_weight(uses * weight),
        log_weight(each.local_occurrences * weight),
        BOOLEAN * each.block_spread / len(analysis.method.blocks),
        BOOLEAN * each.containable,
        BOOLEAN * (each.containable and cheap),
        BOOLEAN * (each.live_across_call or each.live_across_call_lsra),
        0.0,
    ]
