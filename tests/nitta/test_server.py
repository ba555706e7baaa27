"""The server over a recorded tree: it answers what the real one answered, with its manners and its faults."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from gymcc.envs.nitta.server.api import Api, jsonable
from gymcc.envs.nitta.server.faults import MODES, Fault, Faults
from gymcc.envs.nitta.server.http import Server
from tests.nitta.recorded import RecordedNode, read_trace
from tests.nitta.recorded_server import serving


@contextmanager
def connected(api: Api, *faults: str) -> Iterator[http.client.HTTPConnection]:
    with serving(api, faults) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        yield connection
        connection.close()


def ask(connection: http.client.HTTPConnection, path: str, method: str = "GET") -> Any:
    """The JSON of a successful answer."""
    connection.request(method, path)
    response = connection.getresponse()
    body = response.read()
    assert response.status == 200, body
    return json.loads(body)


def refused(connection: http.client.HTTPConnection, path: str, method: str = "GET") -> tuple[int, str]:
    connection.request(method, path)
    response = connection.getresponse()
    return response.status, response.read().decode()


@pytest.fixture(scope="module")
def swap2() -> Iterator[http.client.HTTPConnection]:
    with connected(Api(RecordedNode.load("swap2"))) as connection:
        yield connection


def recorded(name: str) -> dict[str, list[dict]]:
    return {r["sid"]: r["children"] for r in read_trace(name) if r["record"] == "node" and not r["crashed"]}


def test_sub_forests_are_those_of_the_real_server(swap2):
    for sid, children in recorded("swap2").items():
        views = ask(swap2, f"/node/{sid}/subForest")
        assert [view.pop("sid") for view in views] == [f"{sid.rstrip('-')}-{each['index']}" for each in children]
        assert views == [{k: v for k, v in each.items() if k != "index"} for each in children]


def test_the_root(swap2):
    header = read_trace("swap2")[0]
    assert ask(swap2, "/node/-") == {"sid": "-", **header["root"]}
    assert ask(swap2, "/node/-/parentEdge") is None
    assert ask(swap2, "/node/-/history") == []


def test_history_and_parent(swap2):
    sid = next(sid for sid in recorded("swap2") if sid.count("-") == 3)
    path = [sid[: sid.index("-", 1)], sid.rpartition("-")[0], sid]
    assert [view["sid"] for view in ask(swap2, f"/node/{sid}/history")] == path
    assert ask(swap2, f"/node/{sid}/parentEdge") == ask(swap2, f"/node/{path[1]}")


@pytest.mark.parametrize("sid", ["-999", "-0-999", "0", "x", "--", "-0-", "-a", "-%2D1"])
def test_an_unknown_node_is_an_internal_error(swap2, sid):
    assert refused(swap2, f"/node/{sid}") == (500, "Something went wrong")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/nodes/-"),
        ("GET", "/node/-/nothing"),
        ("GET", "/node/-/bestStep"),
        ("POST", "/node/-/subForest"),
        ("DELETE", "/node/-"),
        ("GET", "/node/-/process"),  # a recording has no inside
    ],
)
def test_an_unknown_path(swap2, method, path):
    assert refused(swap2, path, method)[0] == 404


@pytest.mark.parametrize(
    "path", ["/node/-/allBestThreads", "/node/-/allBestThreads?deep=x", "/node/-/testbench?loopsNumber=5"]
)
def test_a_missing_parameter(swap2, path):
    assert refused(swap2, path, "POST")[0] == 400


def test_the_explored_tree_grows_with_what_is_asked():
    with connected(Api(RecordedNode.load("swap2"))) as connection:
        root = ask(connection, "/synthesisTree")
        assert root["subForest"] == []
        assert root["rootLabel"] == {
            "sid": "-",
            "isTerminal": False,
            "isFinish": False,
            "isProcessed": False,
            "duration": -1,
            "score": None,
            "decsionType": "root",
        }
        assert ask(connection, "/treeInfo")["nodesVisited"] == 1
        below = ask(connection, "/node/-0/subForest")
        tree = ask(connection, "/synthesisTree")
        assert tree["rootLabel"]["isProcessed"]
        assert [len(child["subForest"]) for child in tree["subForest"]][:2] == [len(below), 0]
        assert {child["rootLabel"]["decsionType"] for child in tree["subForest"]} == {"SingleBind", "GroupBind"}
        info = ask(connection, "/treeInfo")
        assert info["nodesVisited"] == 1 + len(tree["subForest"]) + len(below)
        assert info["nodesNotProcessed"] == info["nodesVisited"] - 2


def test_tree_info_counts_ends():
    walk = next(r for r in read_trace("swap2") if r["record"] == "walk" and r["end"] == "success")
    sid = "".join(f"-{index}" for index in walk["path"])
    with connected(Api(RecordedNode.load("swap2"))) as connection:
        ask(connection, f"/node/{sid}")
        info = ask(connection, "/treeInfo")
    assert info["nodesSuccess"] >= 1
    assert info["targetProcessDuration"][str(walk["duration"])] >= 1
    assert info["synthesisStepsForSuccess"][str(len(walk["path"]))] == info["nodesSuccess"]


def test_a_crashing_child_takes_the_connection_with_it():
    crashed = next(r for r in read_trace("digits") if r["record"] == "node" and r["crashed"])
    prefix = crashed["sid"].rstrip("-")
    with connected(Api(RecordedNode.load("digits"))) as connection:
        with pytest.raises(http.client.RemoteDisconnected):
            ask(connection, f"/node/{crashed['sid']}/subForest")
        for child in crashed["children"]:
            if child.get("crashed"):
                with pytest.raises(http.client.RemoteDisconnected):
                    ask(connection, f"/node/{prefix}-{child['index']}")
            else:
                assert ask(connection, f"/node/{prefix}-{child['index']}")["score"] == child["score"]
        assert refused(connection, f"/node/{prefix}-{len(crashed['children'])}")[0] == 500


def test_greedy_by_post_ends_where_the_real_one_does():
    walk = next(r for r in read_trace("fir3") if r["record"] == "walk" and r["kind"] == "greedy")
    with connected(Api(RecordedNode.load("fir3"))) as connection:
        sid = ask(connection, "/node/-/allBestThreads?deep=0", "POST")
        assert sid == "".join(f"-{index}" for index in walk["path"])
        assert ask(connection, "/node/-/bestStep", "POST") == f"-{walk['path'][0]}"
        assert ask(connection, "/node/-/obviousBindThread", "POST") == "-"
        info = ask(connection, "/treeInfo")
        assert info["nodesSuccess"] == 1
        assert refused(connection, f"/node/{sid}/bestStep", "POST")[0] == 500


def test_a_browser_may_ask_from_elsewhere(swap2):
    swap2.request("OPTIONS", "/node/-/bestStep")
    response = swap2.getresponse()
    response.read()
    assert (response.status, response.headers["Access-Control-Allow-Origin"]) == (200, "*")


def test_a_body_is_skipped_and_the_connection_goes_on(swap2):
    swap2.request("POST", "/node/-/obviousBindThread", body=b"[]" * 500)
    assert json.loads(swap2.getresponse().read()) == "-"
    assert ask(swap2, "/node/-")["sid"] == "-"


def test_it_listens_on_this_machine_only():
    with serving(Api(RecordedNode.load("swap2"))) as server:
        assert server.server_address[0] == "127.0.0.1"
        with pytest.raises(OSError, match=rf"port {server.port}.*busy"):
            Server(server.api, server.port)


@pytest.mark.parametrize(
    ("fault", "what"),
    [("close", http.client.RemoteDisconnected), ("malformed", json.JSONDecodeError), ("500", AssertionError)],
)
def test_faults(fault, what):
    with connected(Api(RecordedNode.load("swap2")), fault) as connection:
        ask(connection, "/node/-")  # the first request is spared
        with pytest.raises(what):
            ask(connection, "/node/-")


def test_faults_come_at_their_rate():
    faults = Faults([Fault.parse("close:0.2"), Fault.parse("500:0.1")])
    drawn = [faults.next() for _ in range(4000)]
    assert drawn[0] == ""
    assert abs(drawn.count("close") / 4000 - 0.2) < 0.03
    assert abs(drawn.count("500") / 4000 - 0.8 * 0.1) < 0.02


@pytest.mark.parametrize("text", ["", "closed", "close:", "close:2", "close:-1", "close:nan", "slow:x"])
def test_a_bad_fault(text):
    with pytest.raises(ValueError, match="MODE") as caught:
        Fault.parse(text)
    assert all(mode in str(caught.value) for mode in MODES)


def test_numbers_as_nitta_prints_them():
    value = {"a": 2.0, "b": [0.5, float("inf")], "c": float("nan"), "d": (True, None, "x", 3)}
    assert (
        json.dumps(jsonable(value)) == '{"a": 2, "b": [0.5, 9223372036854775807], "c": null, "d": [true, null, "x", 3]}'
    )
