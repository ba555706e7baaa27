"""What a NITTA server shows of the inside of a node: algorithm, units, endpoints, locks, process, and a test bench."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gymcc.envs.nitta.functions import Function, Kind
from gymcc.envs.nitta.microarchitecture import Microarchitecture, UnitType
from gymcc.envs.nitta.program import Program
from gymcc.envs.nitta.server.process import bus_log, unit_log
from gymcc.envs.nitta.server.testbench import testbench
from gymcc.envs.nitta.server.timelines import timelines
from gymcc.envs.nitta.tree import Node
from gymcc.envs.nitta.units import FOREVER, Endpoint, Unit

Json = dict[str, Any]
_ONE_TICK = frozenset({UnitType.ACCUM, UnitType.DIVIDER, UnitType.SHIFT, UnitType.SPI})  # to take a value
_LABELS = {
    Kind.ADD: "+",
    Kind.SUB: "-",
    Kind.MULTIPLY: "*",
    Kind.DIVISION: "/",
    Kind.SHIFT_LEFT: "<<",
    Kind.SHIFT_RIGHT: ">>",
}


@dataclass(frozen=True)
class Inspection:
    """Pages of the tree of one program on one microarchitecture."""

    program: Program
    microarchitecture: Microarchitecture

    def page(self, name: str, node: Node) -> Any:
        """The page of that name in the API."""
        pages: Mapping[str, Callable[[Node], Any]] = {
            "intermediateView": graph,
            "process": lambda node: bus_log(node).json(),
            "processTimelines": lambda node: timelines(bus_log(node)),
            "endpoints": endpoints,
            "microarchitecture": self.units,
            "debug": debug,
        }
        return pages[name](node)

    def units(self, node: Node) -> Json:
        """The network with the units that there are by now."""
        number = self.program.number_type
        network = {
            "networkTag": self.microarchitecture.name,
            "valueType": f"Attr (FX {number.integer_bits} {number.bits})",
            "units": [{"unitTag": unit.tag, "unitType": _type_name(unit.type)} for unit in node.state.units],
        }
        return {"ioSyncMode": self.microarchitecture.io_sync, "networks": [network]}

    def unit_process(self, node: Node, tag: str) -> Json:
        """The process of one unit; raises KeyError for a tag that there is not."""
        return unit_log(node, tag).json()

    def testbench(self, node: Node, cycles: int) -> Json:
        """Execute the schedule; see :func:`testbench`."""
        return testbench(node, self.program, self.microarchitecture, cycles)


def _type_name(unit: UnitType) -> str:
    return "SimpleIO" if unit is UnitType.SPI else str(unit)


def graph(node: Node) -> Json:
    """The algorithm after the refactorings so far: functions numbered from 1, and an edge for each variable."""
    functions = node.state.algorithm.functions
    giver = {v: at for at, function in enumerate(functions, 1) for v in function.produced}
    look = {"nodeColor": "#cbbeb5", "nodeShape": "box", "fontSize": "20", "nodeSize": "30"}
    nodes = [
        {"id": at, "label": label(function), "function": function.text, "history": [], **look}
        for at, function in enumerate(functions, 1)
    ]
    edges = [
        {"to": at, "from": giver[variable], "label": variable, "edgeWidth": "2", "fontAllign": "bottom"}
        for at, function in enumerate(functions, 1)
        for variable in sorted(function.inputs)
        if variable in giver
    ]
    return {"nodes": nodes, "edges": edges}


def label(function: Function) -> str:
    """A function in a word."""
    if function.kind is Kind.CONSTANT:
        return f"const({function.detail})"
    return _LABELS.get(function.kind, str(function.kind))


def endpoints(node: Node) -> list[Json]:
    """What every unit offers now."""
    return [
        {"unitTag": unit.tag, "unitEndpoints": [_endpoint(unit, each) for each in unit.endpoints]}
        for unit in node.state.units
    ]


def debug(node: Node) -> Json:
    """Functions that wait and that are bound, and who waits for whom."""
    state = node.state
    bound = [function for unit in state.units for function in unit.functions]
    locks = [(function.text, function.locks) for function in (*state.waiting.functions, *bound)]
    sent = {variable for transport in node.schedule().transports for _, variable in transport.targets}
    pending = [(text, {pair for pair in pairs if sent.isdisjoint(pair)}) for text, pairs in locks]
    return {
        "dbgEndpointOptions": endpoints(node),
        "dbgFunctionLocks": [[text, _locks(pairs)] for text, pairs in locks],
        "dbgCurrentStateFunctionLocks": [[text, _locks(pairs)] for text, pairs in pending],
        "dbgPULocks": [[unit.tag, _locks(unit.locks)] for unit in state.units],
    }


def _endpoint(unit: Unit, endpoint: Endpoint) -> Json:
    if endpoint.is_source:
        role: Json = {"tag": "Source", "contents": list(endpoint.variables)}
        longest = 1 if endpoint.restricted else FOREVER
    else:
        role = {"tag": "Target", "contents": endpoint.variables[0]}
        longest = 1 if unit.type in _ONE_TICK else FOREVER
    at = {"tcAvailable": [endpoint.earliest, endpoint.latest], "tcDuration": [1, longest]}
    return {"epRole": role, "epAt": at}


def _locks(pairs: frozenset[tuple[str, str]] | set[tuple[str, str]]) -> list[Json]:
    return [{"locked": locked, "lockBy": by} for locked, by in sorted(pairs)]
