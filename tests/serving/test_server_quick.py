"""The shorter forms of a decision's commands do what the commands do, whatever is asked of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gymcc.agents.serving.protocol.resp import encode_command
from gymcc.agents.serving.server import connection
from gymcc.agents.serving.server.quick import QUICK
from tests.serving.orchestrator import running
from tests.serving.wire import Wire, onnx_sum

pytest.importorskip("onnxruntime")
A = np.arange(6, dtype="f4")
KEYS = st.sampled_from(["a", "b", "c", "{d}.t", "hash", "model", "alias", "empty", "batched"])
BLOBS = st.sampled_from([A.tobytes(), bytes(24), b"short", A.astype("f8").tobytes()])
SHAPES = st.sampled_from([(2, 3), (1, 6), (6,), (0, 3), (3,), ("x",), ()])
PUTS = st.tuples(st.just("AI.TENSORSET"), KEYS, st.sampled_from(["FLOAT", "DOUBLE", "INT8", "NONE"]), SHAPES, BLOBS)
GETS = st.tuples(
    st.just("AI.TENSORGET"), KEYS, st.sampled_from([(), ("META",), ("META", "BLOB"), ("BLOB",), ("x", "y")])
)
RUNS = st.tuples(
    st.just("AI.MODELEXECUTE"),
    KEYS,
    st.lists(KEYS, max_size=3),
    st.lists(st.sampled_from(["x", "y", "hash"]), max_size=3),
)


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """One as it is and one without the shorter forms."""
    with running(tmp_path_factory.mktemp("q")) as quick, running(tmp_path_factory.mktemp("s")) as slow:
        with Wire(quick.unix) as a, Wire(slow.unix) as b:
            for wire in (a, b):
                network = onnx_sum()
                wire("AI.MODELSTORE", "model", "ONNX", "CPU", "BLOB", network)
                wire("AI.MODELSTORE", "batched", "ONNX", "CPU", "BATCHSIZE", 4, "BLOB", network)
                wire("GYMCC.ALIAS", "alias", "model")
                wire("HSET", "hash", "f", "v")
                wire.put("a", A.reshape(2, 3))
                for name in ("model", "batched"):
                    for _ in range(3):
                        wire("AI.MODELEXECUTE", name, "INPUTS", 2, "a", "a", "OUTPUTS", 2, "x", "y")
        yield quick, slow


def words(step) -> tuple:
    name, key, *rest = step
    if name == "AI.TENSORSET":
        dtype, shape, blob = rest
        return (name, key, dtype, *shape, "BLOB", blob)
    if name == "AI.TENSORGET":
        return (name, key, *rest[0])
    inputs, outputs = rest
    return (name, key, "INPUTS", len(inputs), *inputs, "OUTPUTS", len(outputs), *outputs)


@settings(max_examples=150)
@given(st.lists(st.one_of(PUTS, GETS, RUNS), min_size=1, max_size=8))
@example([("AI.MODELEXECUTE", "model", ["a", "a"], ["x"])])
@example([("AI.MODELEXECUTE", "alias", ["a", "a"], ["x", "hash"])])
def test_replies_are_the_same_with_and_without(servers, with_forms, steps):
    quick, slow = servers
    replies = []
    for server, shorter in ((quick, QUICK), (slow, {})):
        with_forms(shorter)
        with Wire(server.unix) as wire:
            wire("DEL", "a", "b", "c", "x", "y", "{d}.t")
            wire.put("a", A.reshape(2, 3))
            for step in steps:
                wire.send(encode_command(*words(step)))
            got = [wire.receive() for _ in steps]
            got += [wire("AI.TENSORGET", key) for key in ("x", "y", "a", "b")]
            got += [wire("AI.INFO", "model")[-6:], wire("AI.INFO", "batched")[-6:], wire("DBSIZE")]
            replies.append([repr(reply) for reply in got])
    assert replies[0] == replies[1]


@pytest.fixture(scope="module")
def with_forms():
    before = connection.QUICK
    yield lambda forms: setattr(connection, "QUICK", forms)
    connection.QUICK = before


def test_decisions_take_the_shorter_forms(servers, with_forms, monkeypatch):
    """Or nobody would notice that they are never taken; what is batched has to wait for others."""
    with_forms(QUICK)
    taken = []

    def watched(name, form):
        def call(*args):
            reply = form(*args)
            taken.append((name, reply is not None))
            return reply

        return call

    for name, form in QUICK.items():
        monkeypatch.setitem(QUICK, name, watched(name, form))
    with Wire(servers[0].unix) as wire:
        wire.put("a", A.reshape(2, 3))
        for model in ("alias", "batched"):
            assert wire("AI.MODELEXECUTE", model, "INPUTS", 2, "a", "a", "OUTPUTS", 2, "x", "y") == b"OK"
        assert (wire.get("x") == 2 * A.reshape(2, 3)).all()
    run = b"AI.MODELEXECUTE"
    assert taken == [(b"AI.TENSORSET", True), (run, True), (run, False), (b"AI.TENSORGET", True)]
