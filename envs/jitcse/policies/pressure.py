"""How the locals of a method compete for registers, before any common subexpression is kept.

After ``CSE_Heuristic::Initialize`` and ``CaptureLocalWeights`` of RyuJIT's optcse.cpp and ``SelectTrackedLocals`` of
its liveness.cpp. Weights are in RyuJIT's unit, 100 per execution of the entry block.
"""

from __future__ import annotations

from dataclasses import dataclass

from gymcc.envs.jitcse.analysis import Analysis
from gymcc.envs.jitcse.ir import Method, Op, Type
from gymcc.envs.jitcse.policies.machine import Machine

UNITY = 100.0  # BB_UNITY_WEIGHT
MAX_TRACKED = 1024  # JitMaxLocalsToTrack


@dataclass(frozen=True, slots=True)
class Local:
    """A local that the method refers to."""

    number: int
    type: Type
    enregisterable: bool
    parameter: bool
    register_parameter: bool
    references: int
    weight: float  # of the blocks that refer to it, summed over the references


@dataclass(frozen=True, slots=True)
class Pressure:
    """What decides how generously temporaries are priced."""

    tracked: tuple[Local, ...]  # those that may have a register, the likeliest first
    aggressive: float  # references (weighted, unless for small code) that make a register certain
    moderate: float  # references that make one likely
    enregistered_integer: int
    enregistered_floating: int
    large_frame: bool

    @property
    def integer_weights(self) -> tuple[float, ...]:
        """Executions of the references to each tracked local, in order; without float and double, as RyuJIT has it."""
        return tuple(each.weight / UNITY for each in self.tracked if each.type not in (Type.FLOAT, Type.DOUBLE))


def pressure(analysis: Analysis, machine: Machine, small_code: bool = False) -> Pressure:
    """Look at the locals of a method as RyuJIT does when it starts to choose."""
    found = _referenced(analysis, machine)
    tracked = _tracked(found, small_code)
    counts = {False: 0, True: 0}
    aggressive = moderate = 0.0
    for local in tracked:
        counts[local.type.floating] += 1
        budget = machine.registers(local.type)
        references = local.references if small_code else local.weight
        if not aggressive and counts[local.type.floating] > budget.aggressive:
            aggressive = references + UNITY
        if not moderate and counts[local.type.floating] > budget.moderate:
            moderate = references + UNITY / 2
    return Pressure(
        tracked,
        max(UNITY / 2, aggressive),
        max(UNITY, moderate),
        counts[False],
        counts[True],
        _large_frame(found, machine),
    )


def _referenced(analysis: Analysis, machine: Machine) -> tuple[Local, ...]:
    """The locals with a reference, by number. One that arrives in a register counts two more for the prolog."""
    method = analysis.method
    references, weights = _references(method)
    arrives = machine.in_registers(method.locals[: method.parameters])
    found = []
    for number, type in enumerate(method.locals):
        if not references[number]:
            continue
        parameter = number < method.parameters
        register = parameter and arrives[number]
        found.append(
            Local(
                number,
                type,
                number in analysis.enregistered,
                parameter,
                register,
                references[number] + 2 * register,
                weights[number] + 2 * UNITY * register,
            )
        )
    return tuple(found)


def _references(method: Method) -> tuple[list[int], list[float]]:
    """For each local, how many nodes read or write it, and the weights of their blocks."""
    references = [0] * len(method.locals)
    weights = [0.0] * len(method.locals)
    for block in method.blocks:
        weight = block.weight * UNITY
        nodes = list(block.statements)  # their order does not matter, and recursion is slow
        while nodes:
            node = nodes.pop()
            nodes += node.args
            if node.op is Op.LOCAL or node.op is Op.STORE_LOCAL:
                assert isinstance(node.payload, int)
                references[node.payload] += 1
                weights[node.payload] += weight
    return references, weights


def _tracked(found: tuple[Local, ...], small_code: bool) -> tuple[Local, ...]:
    """The locals that may have a register, in the order of ``LclVarDsc_BlendedCode_Less`` or ``_SmallCode_Less``."""
    candidates = [local for local in found if local.enregisterable]
    order = sorted(candidates, key=_rank_by_references if small_code else _rank_by_weight)
    return tuple(order[:MAX_TRACKED])


def _rank_by_weight(local: Local) -> tuple[float, ...]:
    """Integers before floats, then by weight, where an argument register counts two executions more; rare ones last."""
    if not local.weight:
        return (2, 0.0, -local.references, local.type is not Type.OTHER, local.number)
    weight = local.weight + 2 * UNITY * local.register_parameter
    return (local.type.floating, -weight, -local.references, local.type is not Type.OTHER, local.number)


def _rank_by_references(local: Local) -> tuple[float, ...]:
    """Integers before floats, then by references, then by weight; argument registers and objects break ties."""
    boost = 2 * UNITY * local.register_parameter + UNITY / 2 * (local.type is Type.OTHER)
    return (local.type.floating, -local.references, -local.weight, -boost, local.number)


def _large_frame(found: tuple[Local, ...], machine: Machine) -> bool:
    """Whether the locals that seem to end on the stack take more bytes than a short displacement reaches."""
    left = {False: machine.integer.moderate + 1, True: machine.floating.moderate + 1}
    frame = 0
    for local in found:
        if local.parameter and not local.register_parameter:
            continue  # lives where the caller put it
        if not local.enregisterable or not left[local.type.floating]:
            frame += local.type.bytes
        else:
            needs = 1 if local.references <= 2 else 2
            left[local.type.floating] = max(0, left[local.type.floating] - needs)
    return frame > machine.large_frame
