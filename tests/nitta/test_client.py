"""The client gives a node or says why not, whatever the server does."""

from __future__ import annotations

import json
import pickle
import socket
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf

import pytest

from gymcc.envs.core.problem import BackendError
from gymcc.envs.nitta.backends.server import (
    Connection,
    MalformedAnswer,
    NodeUnavailable,
    RemoteNode,
    RemoteTree,
    ServerError,
    ServerGone,
    ServerTimeout,
    UnknownRemoteNode,
)
from gymcc.envs.nitta.backends.server.views import parse_view
from gymcc.envs.nitta.methods.table import synthesise
from gymcc.envs.nitta.moves import Moves
from gymcc.envs.nitta.server import http as server_module
from tests.nitta.recorded import RecordedNode, read_trace, walks
from tests.nitta.recorded_server import recorded_api, serving


@contextmanager
def remote(name: str, *faults: str, seconds: float = 20.0) -> Iterator[RemoteNode]:
    """The root of a recorded tree, by way of HTTP."""
    with serving(recorded_api(name), faults) as server:
        connection = Connection(server.url, seconds)
        yield RemoteTree(connection).root
        connection.close()


@contextmanager
def replying(reply: bytes | Callable[[int], bytes]) -> Iterator[str]:
    """A server that answers the n-th request with these bytes and closes the connection, whatever it is asked."""
    listener = socket.create_server(("127.0.0.1", 0))
    replies = reply if callable(reply) else lambda _: reply

    def answer() -> None:
        count = 0
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer:
                if peer.recv(65536):  # not one who only looks whether somebody listens
                    peer.sendall(replies(count))
                    count += 1

    thread = threading.Thread(target=answer)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def ok(body: bytes, length: int | None = None) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body) if length is None else length, body)


@pytest.mark.parametrize("name", ["swap2", "majority3", "kitchen"])
def test_a_remote_node_is_as_the_recorded_one(name):
    sid = "".join(f"-{index}" for index in walks(name, "greedy")[0]["path"])
    with remote(name) as root:
        node, here = root, RecordedNode.load(name)
        assert node.option is None
        for index in map(int, sid.split("-")[1:]):
            assert len(node.children) == len(here.children)
            for a, b in zip(node.children, here.children, strict=True):
                assert (a.sid, a.crashed, a.duration, a.is_leaf, a.is_complete) == (
                    (b.sid, b.crashed, b.duration, b.is_leaf, b.is_complete)
                )
                assert a.parent is node
                assert a.view() == b.view()
            for a, b in zip(node.options, here.options, strict=True):
                assert (a.decision.kind, a.decision.view, dict(a.metrics), a.score) == (
                    (b.decision.kind, b.decision.view, dict(b.metrics), b.score)
                )
            node, here = node.children[index], here.children[index]
        assert node.is_leaf
        assert list(node.children) == list(node.options) == []
        again = root.at(sid)
        assert (again.sid, again.duration, again.option.score) == (node.sid, node.duration, node.option.score)
        assert again.parent.sid == node.parent.sid


def test_options_of_a_remote_node_are_actions_as_of_any_other():
    crashed = next(r for r in read_trace("digits") if r["record"] == "node" and r["crashed"])
    with remote("digits") as root:
        moves = Moves(root.at(crashed["sid"]), 32)
        assert list(moves.legal[: len(crashed["children"])]) == [not c.get("crashed") for c in crashed["children"]]
        assert not moves.legal[len(crashed["children"]) :].any()


def test_searches_work_on_remote_nodes():
    with remote("fir3") as root:
        outcome = synthesise(root, "bestThread")
        walk = walks("fir3", "greedy")[0]
        assert (outcome.node.duration, outcome.complete) == (walk["duration"], True)
        assert root.search("bestStep").sid == f"-{walk['path'][0]}"
        assert outcome.node.unit_count == 10


def test_a_crash_of_one_child_leaves_the_others():
    crashed = next(r for r in read_trace("digits") if r["record"] == "node" and r["crashed"])
    with remote("digits") as root:
        node = root.at(crashed["sid"])
        assert [child.crashed for child in node.children] == [
            each.get("crashed", False) for each in crashed["children"]
        ]
        gone = next(child for child in node.children if child.crashed)
        assert (gone.option.decision.kind, gone.option.score) == ("Unknown", -inf)
        for ask in (lambda: gone.children, lambda: gone.is_leaf, gone.view):
            with pytest.raises(NodeUnavailable, match=gone.sid):
                ask()


@pytest.mark.parametrize("sid", ["-99", "-0-99", "nonsense"])
def test_an_unknown_node(sid):
    with remote("swap2") as root, pytest.raises(UnknownRemoteNode, match=sid):
        root.at(sid)


@pytest.mark.parametrize(
    ("fault", "error", "says"),
    [
        ("close", NodeUnavailable, "closed the connection"),
        ("500", NodeUnavailable, "status 500: Something went wrong"),
        ("malformed", MalformedAnswer, "not JSON"),
    ],
)
def test_a_fault_is_a_clear_error(fault, error, says):
    with remote("swap2", fault) as root, pytest.raises(error, match=says) as caught:
        _ = root.children
    assert isinstance(caught.value, BackendError)
    assert "/node/-" in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_slow_answer_is_given_up(monkeypatch):
    monkeypatch.setattr(server_module, "SLOW_SECONDS", 3.0)
    with remote("swap2", "slow", seconds=0.2) as root, pytest.raises(ServerTimeout, match=r"within 0\.2 s"):
        _ = root.children


def test_children_that_all_crash_are_told_from_a_server_that_always_does():
    root = json_of_root()
    end = b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"
    answers = [ok(root), *[b""] * 8, end, end]  # the root, then twice each: the list, three children, no fourth
    with replying(lambda n: answers[n]) as url:
        children = RemoteTree(Connection(url, 5)).root.children
    assert [child.crashed for child in children] == [True] * 3
    with replying(lambda n: b"" if n else root) as url, pytest.raises(NodeUnavailable):
        _ = RemoteTree(Connection(url, 5)).root.children


def test_faults_now_and_then_do_not_end_a_descent():
    """Every node is either there or passed over."""
    with remote("swap2", "close:0.6") as root:
        seen = {False: 0, True: 0}
        for child in root.children:
            seen[child.crashed] += 1
            if not child.crashed:
                try:
                    seen[any(each.crashed for each in child.children)] += 1
                except NodeUnavailable:
                    seen[True] += 1
        assert seen[False] > 0
        assert seen[True] > 0


def test_a_connection_closed_for_its_silence_is_opened_again():
    view = b'{"sid":"-"}'
    with replying(lambda _: ok(view)) as url:  # closes after each answer without saying so
        connection = Connection(url, 5)
        assert [connection.get("/node/-") for _ in range(3)] == [{"sid": "-"}] * 3


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (b"", NodeUnavailable),
        (ok(b"[]", length=50), NodeUnavailable),
        (b"no http at all\r\n\r\n", NodeUnavailable),
        (ok(b"\xff\xfe"), MalformedAnswer),
        (ok(b"[" * 100_000), MalformedAnswer),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", ServerError),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", BackendError),
    ],
)
def test_whatever_the_server_says(reply, error):
    with replying(reply) as url, pytest.raises(error):
        Connection(url, 5).get("/node/-")


def test_chunks():
    with replying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n") as url:
        assert Connection(url, 5).get("/") == [1, 2]


def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ServerGone, match="nobody"):
        Connection(f"http://127.0.0.1:{port}", 5).get("/node/-")


@pytest.mark.parametrize("url", ["", "localhost:80", "ftp://x", "http://", "http://x:99999", "http://x:port"])
def test_no_url(url):
    with pytest.raises(ValueError, match="http://HOST:PORT"):
        Connection(url, 5)


VIEW = {
    "sid": "-0",
    "isTerminal": False,
    "isFinish": False,
    "duration": 3,
    "score": 2000.5,
    "parameters": {"pNew": 9223372036854775807, "pList": [1, 9223372036854775807], "pText": "x", "tag": "T"},
    "decision": {"tag": "BreakLoopView"},
}


def test_numbers_and_infinity():
    facts = parse_view({**VIEW, "score": 3}, "")
    assert facts.option is not None
    assert facts.option.score == 3
    assert facts.option.metrics == {"pNew": inf, "pList": (1, inf), "pText": "x"}


def test_a_decision_of_a_newer_server_is_taken_with_one_warning():
    view = {**VIEW, "decision": {"tag": "TeleportView"}}
    with pytest.warns(UserWarning, match="TeleportView"):
        assert parse_view(view, "").option.decision.kind == "Unknown"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parse_view(view, "").option.score == 2000.5


@pytest.mark.parametrize(
    "change", [{}, {"pWaitTime": "soon"}, {"pNotTransferableInputs": 3}, {"pFirstWaveOfTargetUse": None}]
)
def test_a_decision_with_other_metrics_is_none_that_is_known(change):
    whole = {"pWaitTime": 1, "pRestrictedTime": False, "pNotTransferableInputs": [1, 0], "pFirstWaveOfTargetUse": 2}
    view = {**VIEW, "decision": {"tag": "DataflowDecisionView"}}
    assert parse_view({**view, "parameters": whole}, "").option.kind == "DataflowDecision"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parameters = whole | change if change else {}
        assert parse_view({**view, "parameters": parameters}, "").option.kind == "Unknown"


@pytest.mark.parametrize("key", sorted(VIEW))
def test_a_view_without_a_key_is_malformed(key):
    with pytest.raises(MalformedAnswer, match=key):
        parse_view({name: value for name, value in VIEW.items() if name != key}, "GET /x")


@pytest.mark.parametrize(
    "change", [{"duration": "3"}, {"duration": True}, {"score": None}, {"isTerminal": 1}, {"sid": 4}, {"decision": []}]
)
def test_a_view_of_other_types_is_malformed(change):
    with pytest.raises(MalformedAnswer, match="NodeView"):
        parse_view(VIEW | change, "GET /x")


def test_a_list_is_wanted():
    with replying(lambda n: ok(b'{"a": 1}' if n else json_of_root())) as url:
        root = RemoteTree(Connection(url, 5)).root
        with pytest.raises(MalformedAnswer, match="not a list"):
            _ = root.children


def json_of_root() -> bytes:
    root = {**VIEW, "sid": "-", "parameters": "root", "decision": {"tag": "RootView"}}
    return json.dumps(root).encode()
