"""A decision asked for again is answered as if it had been parsed, whatever comes between and in what pieces."""

from __future__ import annotations

import time

import hiredis
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.agents.serving.protocol.resp import encode_command
from gymcc.agents.serving.server import connection, repeated
from tests.serving.orchestrator import running
from tests.serving.wire import Wire, onnx_sum

pytest.importorskip("onnxruntime")


def decision(
    model="model", puts=("a", "b"), inputs=("a", "b"), outputs=("x", "y"), gets=("x", "y"), rows=2, dtype="f4"
):
    """The requests of a decision as a function of its numbers."""
    name = {"f4": "FLOAT", "f8": "DOUBLE"}[dtype]

    def requests(number: int) -> list[tuple]:
        blobs = [np.full((rows, 3), number + i, dtype).tobytes() for i in range(len(puts))]
        run = ("AI.MODELEXECUTE", model, "INPUTS", len(inputs), *inputs, "OUTPUTS", len(outputs), *outputs)
        sets = [("AI.TENSORSET", key, name, rows, 3, "BLOB", blob) for key, blob in zip(puts, blobs, strict=True)]
        return [*sets, run, *(("AI.TENSORGET", key, "META", "BLOB") for key in gets)]

    return requests


PIECES = [
    decision(),
    decision("alias", rows=1),
    decision("batched"),
    decision("nobody"),
    decision(dtype="f8"),  # which the model does not take
    decision(gets=("y",)),
    decision(gets=("y", "x")),
    decision(inputs=("b", "a")),
    decision(puts=("a", "a")),
    decision(puts=("a", "a"), inputs=("a", "a")),  # the second counts for both
    decision(outputs=("x", "x"), gets=("x", "x")),
    decision(outputs=("a", "y"), gets=("a", "y")),
    decision(outputs=("x",), gets=("x",)),  # the model has two
    decision(puts=(), gets=()),
    lambda number: [("DEL", "a", "x")],
    lambda number: [("AI.TENSORGET", "x"), ("AI.TENSORGET", "b", "META")],
    lambda number: [("GYMCC.ALIAS", "alias", ("model", "batched")[number % 2])],
]
STEPS = st.lists(
    st.tuples(st.sampled_from(PIECES), st.integers(0, 9), st.sampled_from([None, None, None, None, 0.1, 0.5, 0.9])),
    max_size=10,
)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running(tmp_path_factory.mktemp("r")) as running_, Wire(running_.unix) as wire:
        network = onnx_sum()
        wire("AI.MODELSTORE", "model", "ONNX", "CPU", "BLOB", network)
        wire("AI.MODELSTORE", "batched", "ONNX", "CPU", "BATCHSIZE", 4, "BLOB", network)
        wire.put("a", np.ones((2, 3), "f4"))
        for name in ("model", "batched"):
            for _ in range(3):  # until it is known to be quick
                wire("AI.MODELEXECUTE", name, "INPUTS", 2, "a", "a", "OUTPUTS", 2, "x", "y")
        yield running_


def ask(wire, requests, cut=None):
    """Replies to requests that come in one piece, or in two."""
    raw = b"".join(encode_command(*request) for request in requests)
    at = len(raw) if cut is None else int(cut * len(raw))
    wire.send(raw[:at])
    if raw[at:]:
        time.sleep(0.002)
        wire.send(raw[at:])
    return [wire.receive() for _ in requests]


def replies(server, steps, memory):
    with pytest.MonkeyPatch.context() as patch:
        if not memory:
            patch.setattr(connection, "QUICK", {})
        with Wire(server.unix) as wire:
            wire("DEL", "a", "b", "x", "y")
            wire("GYMCC.ALIAS", "alias", "model")
            wire("AI.INFO", "model", "RESETSTAT")
            got = [ask(wire, piece(number), cut) for piece, number, cut in [step for step in steps for _ in range(2)]]
            return [repr(each) for each in [*got, wire("AI.INFO", "model")[-6:], wire("DBSIZE")]]


@settings(max_examples=30, deadline=None)
@given(STEPS)
def test_replies_are_the_same_with_and_without_memory(server, steps):
    assert replies(server, steps, memory=True) == replies(server, steps, memory=False)


@pytest.mark.parametrize("first", PIECES)
def test_each_is_told_from_every_other(server, first):
    for then in PIECES:
        steps = [(first, 1, None), (then, 2, None), (first, 3, None)]
        assert replies(server, steps, memory=True) == replies(server, steps, memory=False)


@pytest.fixture
def answers(monkeypatch):
    """How many decisions were answered from memory, or were tried to be."""
    seen = []
    proper = repeated.Decision.answer

    def watched(*args):
        reply = proper(*args)
        seen.append(reply is not None)
        return reply

    monkeypatch.setattr(repeated.Decision, "answer", watched)
    return seen


def test_the_second_and_every_later_decision_is_answered_from_memory(server, answers):
    with Wire(server.unix) as wire:
        for number in range(5):
            *_, scores, scaled = ask(wire, decision()(number))
            assert (np.frombuffer(scores[5], "f4") == 2 * number + 1).all()
            assert (np.frombuffer(scaled[5], "f4") == 2 * number).all()
            ask(wire, [("DBSIZE",)])
    assert answers == [True] * 4


def test_what_looks_like_a_decision_within_a_tensor_is_the_tensors(server, answers):
    raw = b"".join(encode_command(*request) for request in decision()(1))
    with Wire(server.unix) as wire:
        for _ in range(2):
            ask(wire, decision()(1))
        answers.clear()
        whole = encode_command("AI.TENSORSET", "c", "UINT8", len(raw), "BLOB", raw)
        wire.send(whole[: -len(raw) - 2])
        time.sleep(0.05)
        wire.send(raw)
        time.sleep(0.05)
        wire.send(b"\r\n")
        assert wire.receive() == b"OK"
        assert wire("AI.TENSORGET", "c", "BLOB") == raw
        ask(wire, decision()(2))
    assert answers == []


def test_a_decision_that_cannot_be_answered_at_once_is_executed_as_ever(server, answers):
    with Wire(server.unix) as wire:
        for number in range(3):
            *_, scores, _ = ask(wire, decision("batched")(number))
            assert (np.frombuffer(scores[5], "f4") == 2 * number + 1).all()
    assert answers == [False, False]


def test_heads_that_claim_too_much_are_refused_before_they_take_memory(server):
    with Wire(server.unix) as wire:
        wire.send(b"*1\r\n$4\r\nPING\r\n*4294967295\r\n")
        assert isinstance(wire.receive(), hiredis.ReplyError)
        with pytest.raises(EOFError):
            wire.receive()


def test_a_connection_that_asks_for_no_decisions_is_not_looked_at_for_long():
    memory = repeated.Memory()
    other = encode_command("DBSIZE")
    asked = b"".join(encode_command(*request) for request in decision()(1))
    for _ in range(repeated.TRIES - 1):
        memory.learn(other)
    memory.learn(asked)
    assert memory.find(asked) is None
    memory = repeated.Memory()
    memory.learn(asked)
    for _ in range(repeated.TRIES - 1):
        memory.learn(other)
        assert memory.find(asked) is not None
