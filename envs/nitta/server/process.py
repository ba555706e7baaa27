"""The process of a node: what happens when, on the bus and in every unit, rebuilt from the decisions that led there.

Steps and their texts are those of a NITTA server (tested against recorded ones); of relations only the vertical ones
are given: from a function to its endpoints and from these to instructions, and from transports to endpoints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gymcc.envs.nitta.functions import Function, Kind, acc
from gymcc.envs.nitta.microarchitecture import UnitType
from gymcc.envs.nitta.options.accumulate import steps as accumulator_steps
from gymcc.envs.nitta.options.loops import BreakLoop, halves
from gymcc.envs.nitta.options.transfers import Dataflow
from gymcc.envs.nitta.server.instructions import Interval, Move, instructions
from gymcc.envs.nitta.state import Synthesis
from gymcc.envs.nitta.tree import Node
from gymcc.envs.nitta.units import Unit
from gymcc.envs.nitta.views import decision as decision_view

Json = dict[str, Any]
_LOGS_BINDS = (UnitType.FRAM, UnitType.SPI)
_REFACTORINGS = {  # by the kind of decision: NITTA's name, its names of the fields, and where the view has them
    "ResolveDeadlock": ("ResolveDeadlock", {"newBuffer": "newBuffer", "changeset": "changeset"}),
    "OptimizeAccum": ("OptimizeAccum", {"refOld": "old", "refNew": "new"}),
    "OptimizeLogicalUnit": ("OptimizeLogicalUnit", {"rOld": "lOld", "rNew": "lNew"}),
    "ConstantFolding": ("ConstantFolding", {"cRefOld": "cRefOld", "cRefNew": "cRefNew"}),
}


@dataclass(frozen=True, slots=True)
class Step:
    """``text`` starts with its level: CAD, Refactor, Endpoint, Instruction or Intermediate."""

    interval: Interval
    text: str
    unit: str = ""  # empty on the bus

    @property
    def level(self) -> str:
        """What the step is about."""
        return self.text.partition(":")[0]


class Log:
    """Steps in the order in which they were decided, and pairs (upper step, lower step) of their numbers."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.relations: list[tuple[int, int]] = []
        self.next_tick = 0

    def add(self, interval: Interval, text: str, above: Sequence[int] = (), unit: str = "") -> int:
        """Note a step; its number."""
        self.steps.append(Step(interval, text, unit))
        number = len(self.steps) - 1
        self.relations += [(upper, number) for upper in above]
        return number

    def json(self) -> Json:
        """NITTA's Process: the newest step first."""
        steps = [
            {
                "pID": number,
                "pInterval": step.interval,
                "pDesc": f"@{step.unit} {step.text}" if step.unit else step.text,
            }
            for number, step in enumerate(self.steps)
        ]
        relations = [{"tag": "Vertical", "vUp": up, "vDown": down} for up, down in self.relations]
        return {
            "steps": steps[::-1],
            "relations": relations,
            "nextTick_": self.next_tick,
            "nextUid": len(self.steps),
        }


class UnitLog(Log):
    """The log of one unit, written decision by decision."""

    def __init__(self) -> None:
        super().__init__()
        self._moves: list[tuple[int, frozenset[str], int]] = []  # tick, variables as named inside, number of the step
        self._done: set[str] = set()

    def bound(self, before: Unit, after: Unit) -> None:
        """Functions were bound."""
        if before.type in _LOGS_BINDS:
            for function in _newly_bound(before, after):
                self.add((before.next_tick, before.next_tick), f"CAD: bind {function.text}")

    def broke(self, unit: Unit, loop: Function) -> None:
        """A loop fell into its halves."""
        begin, end = halves(loop)
        words = ("CAD: revoke", loop), ("CAD: bind", begin), ("CAD: bind", end), ("Refactor: BreakLoop:", loop)
        for word, function in words:
            self.add((unit.next_tick, unit.next_tick), f"{word} {function.text}")

    def moved(self, before: Unit, after: Unit, variables: tuple[str, ...], is_source: bool, tick: int) -> None:
        """Variables went out, or one came in."""
        function = next(f for f in after.functions if set(variables) & set(f.produced if is_source else f.inputs))
        role = f"Source {','.join(variables)}" if is_source else f"Target {variables[0]}"
        number = self.add((tick, tick), f"Endpoint: {role}")
        self._moves.append((tick, _inside(after, variables), number))
        for interval, text in instructions(Move(is_source, variables, function, tick, before, after)):
            self.add(interval, f"Instruction: {text}", above=[number])
        self._finish(function, after, is_source, tick)

    def _finish(self, function: Function, unit: Unit, is_source: bool, tick: int) -> None:
        """Note the function itself with its last move; a division with each of its results."""
        wanted = _inside(unit, function.variables)
        moves = [(at, number) for at, variables, number in self._moves if variables & wanted]
        moved = frozenset[str]().union(*(variables for _, variables, _ in self._moves))
        if not (is_source if function.kind is Kind.DIVISION else wanted <= moved):
            return
        numbers = [number for _, number in moves]
        begin = _begin(function, unit, [at for at, _ in moves])
        upper = self.add((begin, tick), f"Intermediate: {_executed(function)}")
        self.relations += [(upper, number) for number in numbers]


def unit_log(node: Node, tag: str) -> UnitLog:
    """What one unit does up to a node; raises KeyError for a tag that there is not."""
    logs = _unit_logs(node)
    return logs[tag]


def bus_log(node: Node) -> Log:
    """What is decided on the bus up to a node, and then what every unit does, units by tag, newest step first."""
    log = Log()
    log.next_tick = node.state.bus_next
    sent: dict[str, int] = {}
    for below in _path(node):
        _write_bus(log, below, sent)
    for tag, own in _unit_logs(node).items():
        numbers = {old: len(log.steps) + at for at, old in enumerate(reversed(range(len(own.steps))))}
        for step in reversed(own.steps):
            above = [sent[v] for v in _endpoint_variables(step) if v in sent]
            log.add(step.interval, step.text, above, tag)
        log.relations += [(numbers[up], numbers[down]) for up, down in own.relations]
    return log


def _path(node: Node) -> list[Node]:
    path: list[Node] = []
    while node.parent is not None:
        path.append(node)
        node = node.parent
    return path[::-1]


def _unit_logs(node: Node) -> dict[str, UnitLog]:
    logs = {unit.tag: UnitLog() for unit in sorted(node.state.units, key=lambda unit: unit.tag)}
    for step in _path(node):
        assert step.parent is not None
        assert step.option is not None
        decision, before, after = step.option.decision, step.parent.state, step.state
        if isinstance(decision, Dataflow):
            _write_moves(logs, decision, before, after)
        elif isinstance(decision, BreakLoop):
            unit = before.units[decision.at]
            logs[unit.tag].broke(unit, decision.loop)
        else:
            known = {unit.tag: unit for unit in before.units}
            for unit in after.units:
                if unit.tag in known:
                    logs[unit.tag].bound(known[unit.tag], unit)
    for unit in node.state.units:
        logs[unit.tag].next_tick = unit.next_tick
    return logs


def _write_moves(logs: dict[str, UnitLog], decision: Dataflow, before: Synthesis, after: Synthesis) -> None:
    """The source first: the divider may give a value to itself."""
    source = before.units[decision.source]
    given = tuple(sorted(variable for _, variable in decision.targets))
    logs[source.tag].moved(source, source.give(given, decision.tick), given, True, decision.tick)
    for at, variable in decision.targets:
        unit = before.units[at]
        logs[unit.tag].moved(unit, after.units[at], (variable,), False, decision.tick)


def _write_bus(log: Log, step: Node, sent: dict[str, int]) -> None:
    assert step.parent is not None
    assert step.option is not None
    decision, before, after = step.option.decision, step.parent.state, step.state
    now = (before.bus_next, before.bus_next)
    if isinstance(decision, Dataflow):
        source = before.units[decision.source].tag
        for at, variable in decision.targets:
            text = f"Instruction: Transport {variable} {source} {before.units[at].tag}"
            sent[variable] = log.add((decision.tick, decision.tick), text)
    elif step.option.kind in _REFACTORINGS:
        name, fields = _REFACTORINGS[step.option.kind]
        view = decision_view(step.option, before)
        shown = ", ".join(f"{field} = {_shown(view[key])}" for field, key in fields.items())
        log.add(now, f"Refactor: {name} {{{shown}}}")
    elif step.option.kind in ("SingleBind", "GroupBind"):
        for old, new in zip(before.units, after.units, strict=True):
            for function in _newly_bound(old, new):
                log.add(now, f"CAD: bind {function.text}")
    elif step.option.kind == "Allocation":
        view = decision_view(step.option, before)
        log.add(now, f"CAD: allocation {view['processUnitTag']}")


def _newly_bound(before: Unit, after: Unit) -> list[Function]:
    """In the order in which they were bound."""
    count = len(after.functions) - len(before.functions)
    return list(reversed(after.functions[:count]))


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else f"[{','.join(function['fvFun'] for function in value)}]"


def _endpoint_variables(step: Step) -> list[str]:
    return step.text.split(" ")[2].split(",") if step.level == "Endpoint" else []


def _inside(unit: Unit, variables: Sequence[str] | frozenset[str]) -> frozenset[str]:
    """The names that variables have inside the unit, where a buffer behind an output changed no name."""
    new = {outside for _, outside in unit.renames}
    return frozenset(
        {old for old, outside in unit.renames if outside in variables} | {v for v in variables if v not in new}
    )


def _begin(function: Function, unit: Unit, ticks: list[int]) -> int:
    """The tick at which NITTA lets a function begin that has moved its variables at ``ticks``."""
    if function.kind in (Kind.CONSTANT, Kind.LOOP_BEGIN, Kind.DIVISION):
        return 0
    return max(ticks) if function.kind is Kind.LOOP_END or unit.type is UnitType.SPI else min(ticks)


def _executed(function: Function) -> str:
    """How the unit calls a function: the accumulator makes a chain of everything."""
    if function.kind in (Kind.ADD, Kind.SUB, Kind.NEG):
        return acc(accumulator_steps(function)).text
    return function.text
