"""The inside of nodes as the server shows it: equal to what the real one showed, and consistent with itself."""

from __future__ import annotations

import http.client
import json
import re
from functools import cache
from typing import Any

import pytest

from gymcc.envs.nitta.frontend import compile_lua
from gymcc.envs.nitta.microarchitecture import DEFAULT
from gymcc.envs.nitta.program import Program
from gymcc.envs.nitta.server import testbench as bench
from gymcc.envs.nitta.server.api import Api, jsonable
from gymcc.envs.nitta.server.inspection import Inspection
from gymcc.envs.nitta.simulator import ScheduleError
from gymcc.envs.nitta.tree import Node, open_tree
from tests.nitta.recorded import DATA, read_trace
from tests.nitta.recorded_server import serving

NAMES = sorted(path.name.removesuffix(".jsonl.gz") for path in (DATA / "traces").glob("*.jsonl.gz"))


@cache
def program(name: str) -> Program:
    return compile_lua((DATA / "programs" / f"{name}.lua").read_text(), name)


@cache
def tree(name: str) -> Node:
    return open_tree(program(name))


def records(name: str, kind: str) -> list[dict]:
    return [record for record in read_trace(name) if record["record"] == kind]


def page(name: str, what: str, sid: str = "-") -> Any:
    return jsonable(Inspection(program(name), DEFAULT).page(what, tree(name).at(sid)))


def texts(values: list) -> set[str]:
    return {json.dumps(value, sort_keys=True) for value in values}


@pytest.mark.parametrize("name", NAMES)
def test_the_process_is_the_recorded_one(name):
    (record,) = records(name, "process")
    process = page(name, "process", record["sid"])
    steps = [{"interval": step["pInterval"], "text": step["pDesc"]} for step in process["steps"]]
    assert steps == record["steps"]
    assert process["nextTick_"] == record["nextTick"]
    assert [step["pID"] for step in process["steps"]] == list(range(process["nextUid"]))[::-1]


@pytest.mark.parametrize("name", NAMES)
def test_units_have_their_share_of_the_process(name):
    (record,) = records(name, "process")
    node = tree(name).at(record["sid"])
    inspection = Inspection(program(name), DEFAULT)
    for unit in node.state.units:
        own = jsonable(inspection.unit_process(node, unit.tag))["steps"]
        prefix = f"@{unit.tag} "
        shared = [step["text"].removeprefix(prefix) for step in record["steps"] if step["text"].startswith(prefix)]
        assert [step["pDesc"] for step in own] == shared[::-1]


@pytest.mark.parametrize("name", NAMES)
def test_relations_lead_down(name):
    (record,) = records(name, "process")
    process = page(name, "process", record["sid"])
    level = {step["pID"]: re.match(r"(?:@\w+ )?(\w+):", step["pDesc"])[1] for step in process["steps"]}
    found = {(level[each["vUp"]], level[each["vDown"]]) for each in process["relations"]}
    assert found == {("Instruction", "Endpoint"), ("Intermediate", "Endpoint"), ("Endpoint", "Instruction")}
    below = {each["vDown"] for each in process["relations"]}
    assert all(number in below for number, what in level.items() if what == "Endpoint")


@pytest.mark.parametrize("name", NAMES)
def test_the_root_is_the_recorded_one(name):
    header = read_trace(name)[0]
    assert page(name, "microarchitecture") == header["microarchitecture"]
    graph = page(name, "intermediateView")
    assert graph["edges"] == header["graph"]
    assert [node["function"] for node in graph["nodes"]] == header["dfg"]
    assert [node["id"] for node in graph["nodes"]] == list(range(1, len(header["dfg"]) + 1))


@pytest.mark.parametrize("name", NAMES)
def test_debug_is_the_recorded_one(name):
    """NITTA lists some endpoints and locks several times."""
    for record in records(name, "debug"):
        shown = page(name, "debug", record["sid"])
        assert [text for text, _ in shown["dbgFunctionLocks"]] == record["functions"]
        assert shown["dbgEndpointOptions"] == page(name, "endpoints", record["sid"])
        for ours, theirs in zip(shown["dbgEndpointOptions"], record["endpoints"], strict=True):
            assert ours["unitTag"] == theirs["unitTag"]
            assert texts(ours["unitEndpoints"]) == texts(theirs["unitEndpoints"])
        for (tag, ours), (tag_too, theirs) in zip(shown["dbgPULocks"], record["unitLocks"], strict=True):
            assert (tag, texts(ours)) == (tag_too, texts(theirs))


@pytest.mark.parametrize("name", NAMES)
def test_locks_of_functions_are_the_recorded_ones(name):
    shown = page(name, "debug")
    theirs = {text: texts(locks) for text, locks in read_trace(name)[0]["functions"]}
    assert {text: texts(locks) for text, locks in shown["dbgFunctionLocks"]} == theirs
    assert shown["dbgCurrentStateFunctionLocks"] == shown["dbgFunctionLocks"]
    (record,) = records(name, "process")
    left = page(name, "debug", record["sid"])["dbgCurrentStateFunctionLocks"]
    assert tree(name).at(record["sid"]).is_complete == (not any(locks for _, locks in left))


@pytest.mark.parametrize("name", ["swap2", "kitchen", "digits"])
def test_timelines_show_every_step_at_each_of_its_ticks(name):
    (record,) = records(name, "process")
    lines = page(name, "processTimelines", record["sid"])["timelines"]
    process = page(name, "process", record["sid"])
    shown = [
        (point["pID"], tick, point["pInfo"])
        for line in lines
        for tick, points in enumerate(line["timelinePoints"])
        for point in points
    ]
    wanted = [
        (step["pID"], tick, step["pDesc"])
        for step in process["steps"]
        for tick in range(step["pInterval"][0], step["pInterval"][1] + 1)
    ]
    assert sorted(shown) == sorted(wanted)
    for line in lines:
        if line["timelineViewpoint"]["level"] != "CAD":
            assert all(len(points) <= 1 for points in line["timelinePoints"])


def test_the_root_has_no_timelines():
    assert page("swap2", "processTimelines") == {"timelines": [], "verticalRelations": []}


def api(name: str) -> Api:
    return Api(open_tree(program(name)), Inspection(program(name), DEFAULT))


def post(port: int, path: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", path)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, json.loads(body) if response.status == 200 else body.decode()


@pytest.mark.parametrize("name", ["relay", "clamp", "digits"])
def test_the_test_bench_runs_a_complete_schedule(name):
    (record,) = records(name, "process")
    with serving(api(name)) as server:
        status, report = post(server.port, f"/node/{record['sid']}/testbench?pName=x&loopsNumber=4")
    assert status == 200
    assert report["tbStatus"] is True
    assert report["tbSimulationDump"] == ""
    assert "no Verilog" in report["tbCompilerDump"]
    wanted, got = report["tbFunctionalSimulationLog"], report["tbLogicalSimulationLog"]
    assert len(wanted) == len(got) == 4
    for a, b in zip(wanted, got, strict=True):
        assert a.keys() & b.keys()
        assert all(a[variable] == b[variable] for variable in a.keys() & b.keys())


def test_the_test_bench_says_what_is_wrong(monkeypatch):
    def refuse(*_: object) -> None:
        raise ScheduleError("was never there")

    monkeypatch.setattr(bench, "check", refuse)
    (record,) = records("relay", "process")
    report = bench.testbench(tree("relay").at(record["sid"]), program("relay"), DEFAULT, 3)
    assert report["tbStatus"] is False
    assert "was never there" in report["tbSimulationDump"]
    assert report["tbLogicalSimulationLog"] == []


def test_the_test_bench_needs_a_complete_schedule_and_a_sensible_number():
    (record,) = records("relay", "process")
    with serving(api("relay")) as server:
        assert post(server.port, "/node/-/testbench?pName=x&loopsNumber=4")[0] == 500
        assert post(server.port, f"/node/{record['sid']}/testbench?pName=x&loopsNumber=0")[0] == 500
        assert post(server.port, f"/node/{record['sid']}/testbench?pName=x")[0] == 400


def test_an_unknown_unit_closes_the_connection():
    with serving(api("relay")) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("GET", "/node/-/microarchitecture/nosuch/process")
        with pytest.raises(http.client.RemoteDisconnected):
            connection.getresponse()
        connection.close()


@pytest.mark.parametrize("name", ["swap2", "relay", "foldmul"])
def test_search_methods_arrive_where_the_real_ones_did(name):
    methods = json.loads((DATA / "results.json").read_text())[name]["methods"]
    asked = {
        "stateOfTheArtSynthesisIO": "stateOfTheArt",
        "simpleSynthesis": "simpleSynthesis",
        "smartBindSynthesisIO": "smartBindSynthesis",
        "obviousBindThread": "obviousBindThread",
        "allBindsAndRefsIO": "allBindsAndRefs",
        "allBestThreads?deep=0": "bestThread",
        "allBestThreads?deep=1": "allBestThreads1",
    }
    with serving(api(name)) as server:
        for method, key in asked.items():
            assert post(server.port, f"/node/-/{method}") == (200, methods[key]["sid"])


def test_a_crashed_child_is_as_the_real_server_had_it():
    crashed = next(r for r in records("digits", "node") if r["crashed"])
    with serving(api("digits")) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("GET", f"/node/{crashed['sid']}/subForest")
        with pytest.raises(http.client.RemoteDisconnected):
            connection.getresponse()
        for child in crashed["children"]:
            connection.request("GET", f"/node/{crashed['sid']}-{child['index']}")
            if child.get("crashed"):
                with pytest.raises(http.client.RemoteDisconnected):
                    connection.getresponse()
            else:
                assert json.loads(connection.getresponse().read())["decision"] == child["decision"]
        connection.close()
