"""Clients that send rubbish, too much, too little or again; none of them may harm the others."""

from __future__ import annotations

import asyncio
import os
import random
import resource
import socket
import time
from itertools import count

import hiredis
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.agents.serving.protocol.resp import encode_command
from gymcc.agents.serving.server import retries
from gymcc.agents.serving.server.app import Listen, build
from gymcc.agents.serving.server.connection import Connection
from gymcc.agents.serving.server.dispatch import COMMANDS
from gymcc.agents.serving.server.limits import MIB, TURN, Settings
from gymcc.agents.serving.server.safety import guard
from tests.serving.orchestrator import running
from tests.serving.wire import Wire

WORDS = st.one_of(
    st.sampled_from([b"", b"0", b"1", b"-1", b"99999999999999999999", b"FLOAT", b"BLOB", b"VALUES", b"INPUTS", b"|>"]),
    st.sampled_from([b"OUTPUTS", b"TIMEOUT", b"LOAD", b"PERSIST", b"SOURCE", b"META", b"ONNX", b"CPU", b"GET", b"SET"]),
    st.sampled_from([b"key", b"{d}.meta", b"maxclients", b"\0\xff\r\n"]),
    st.binary(max_size=8),
)
HARMLESS = sorted(set(COMMANDS) - {b"QUIT", b"CONFIG", b"AI.CONFIG", b"SAVE"})


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running(tmp_path_factory.mktemp("s"), max_request=2 * MIB, memory=64 * MIB) as found:
        yield found


@pytest.fixture
def other(server):
    """Somebody else, who is served as ever afterwards."""
    with Wire(server.unix) as wire:
        yield wire
        assert wire("PING") == b"PONG"


def ends(wire: Wire) -> list:
    """All replies until the server closes."""
    replies = []
    try:
        while True:
            replies.append(wire.receive())
    except (EOFError, ConnectionError):
        return replies


def until(condition) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@settings(max_examples=150)
@given(st.lists(st.tuples(st.sampled_from(HARMLESS), st.lists(WORDS, max_size=8)), min_size=1, max_size=5))
def test_any_words_get_a_reply_each(server, requests):
    with Wire(server.unix) as wire:
        wire.send(b"".join(encode_command(name, *words) for name, words in requests))
        for name, words in requests:
            reply = wire.receive()
            assert not (isinstance(reply, hiredis.ReplyError) and "internal error" in str(reply)), (name, words, reply)
        assert wire("PING", b"still there") == b"still there"


@settings(max_examples=100)
@given(st.one_of(st.binary(max_size=200), st.from_regex(rb"([*$:+\-~%>#_,(=|!][0-9]{0,12}\r\n){1,8}", fullmatch=True)))
def test_any_bytes_get_replies_or_an_end(server, raw):
    with Wire(server.unix) as wire:
        wire.send(raw)
        wire.socket.shutdown(socket.SHUT_WR)
        for reply in ends(wire):
            assert isinstance(reply, hiredis.ReplyError | bytes | list | int | None)


def test_random_bytes_in_great_number(server, other):
    rng = random.Random(7)
    for _ in range(20):
        with Wire(server.tcp) as wire:
            try:
                wire.send(rng.randbytes(100_000))
                assert all(isinstance(reply, hiredis.ReplyError) for reply in ends(wire))
            except ConnectionError:
                pass


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "Protocol error"),
        (b"*1000000000\r\n$4\r\nPING\r\n", "words at most"),
        (b"*2\r\n*4000000000\r\n", "words at most"),
        (b"~1000000000\r\n", "words at most"),
        (b"*1\r\n:5\r\n", "bulk strings"),
        (b"*1\r\n*1\r\n$4\r\nPING\r\n", "bulk strings"),
        (b"*2\r\n$4\r\nPING\r\n$-1\r\n", "bulk strings"),
        (b"+PING\r\n", "bulk strings"),
        (b"#f\r\n", "bulk strings"),
        (b"*-7\r\n", "Protocol error"),
        (b"*2\r\n$3\r\nSET\r\n$9000000000\r\n" + bytes(3 * MIB), "at most"),
    ],
)
def test_what_is_no_request_is_told_so_and_the_connection_ends(server, other, raw, text):
    with Wire(server.unix) as wire:
        wire.send(encode_command("PING"))
        assert wire.receive() == b"PONG"
        try:
            wire.send(raw)
        except ConnectionError:  # the end of a large one is not waited for
            return
        (reply,) = ends(wire)
        assert text in str(reply)


def test_a_huge_array_is_seen_also_when_its_head_comes_in_pieces(server, other):
    for cut in range(1, 12):
        with Wire(server.unix) as wire:
            raw = b"*1000000000\r\n$4\r\nPING\r\n"
            wire.send(raw[:cut])
            time.sleep(0.01)
            try:
                wire.send(raw[cut:])
            except ConnectionError:
                continue
            assert "words at most" in str(ends(wire)[0])


def test_a_tensor_up_to_the_limit_passes(server, other):
    with Wire(server.unix) as wire:
        assert wire("AI.TENSORSET", "x", "UINT8", MIB, "BLOB", bytes(MIB)) == b"OK"
        assert len(wire("AI.TENSORGET", "x", "BLOB")) == MIB
        assert "bytes at most" in wire.error("SET", b"k" * 100_000, "v")


def flood(wire: Wire, request: bytes) -> int:
    """Send until nobody takes any more for a second; how often it was sent."""
    wire.socket.settimeout(1)
    for sent in range(100_000):
        try:
            wire.send(request)
        except TimeoutError:
            return sent
    return 100_000


def test_a_client_that_sends_and_never_reads_is_not_read_from_for_ever(server, other):
    """Its replies are kept up to a bound; then it has to wait, and goes on where it was."""
    with Wire(server.unix) as wire:
        assert wire("AI.TENSORSET", "x", "UINT8", MIB, "BLOB", bytes(MIB)) == b"OK"
        before = int(other("INFO", "stats").decode().split("total_net_output_bytes:")[1].split("\r")[0])
        sent = flood(wire, encode_command("AI.TENSORGET", "x", "BLOB"))
        assert sent < 100_000
        counts = dict(line.split(":") for line in other("INFO", "stats").decode().split("\r\n") if ":" in line)
        assert int(counts["total_net_output_bytes"]) - before < 20 * MIB
        wire.socket.settimeout(30)
        for _ in range(20):
            assert len(wire.receive()) == MIB


class Transport:
    """What a connection needs of one, in this process."""

    def __init__(self):
        self.written, self.gone = b"", False

    def write(self, data: bytes) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.gone

    def close(self) -> None:
        self.gone = True

    resume_reading = pause_reading = abort = close


def test_a_client_that_sends_a_lot_at_once_leaves_turns_to_others():
    async def check():
        connection, transport = Connection(build(Settings()), count(1), local=True), Transport()
        transport.resume_reading = lambda: None
        connection.connection_made(transport)
        connection.data_received(encode_command("PING") * (TURN * 3))
        turns = [len(transport.written) // len(b"+PONG\r\n")]
        while turns[-1] < TURN * 3:
            await asyncio.sleep(0)
            turns.append(len(transport.written) // len(b"+PONG\r\n"))
        assert sorted(set(turns)) == [TURN - 1, 2 * TURN - 1, 3 * TURN - 1, 3 * TURN]

    asyncio.run(check())


def test_what_a_client_asked_for_before_it_went_is_not_all_done():
    async def check():
        connection, transport = Connection(build(Settings()), count(1), local=True), Transport()
        connection.connection_made(transport)
        transport.gone = True
        connection.data_received(encode_command("RPUSH", "l", "x") * (TURN * 3))
        for _ in range(10):
            await asyncio.sleep(0)
        assert await connection.server.store.length(b"l") <= TURN

    asyncio.run(check())


def test_a_full_keyspace_is_an_error_and_reading_goes_on(server, other):
    with Wire(server.unix) as wire:
        wire("FLUSHDB")
        replies = [wire("AI.TENSORSET", f"{{d}}.{i}", "UINT8", MIB, "BLOB", bytes(MIB)) for i in range(70)]
        refused = [str(reply) for reply in replies if isinstance(reply, hiredis.ReplyError)]
        assert 5 < len(refused) < 12
        assert set(refused) == {"OOM command not allowed when used memory > 'maxmemory'"}
        assert len(wire("AI.TENSORGET", "{d}.0", "BLOB")) == MIB
        wire("FLUSHDB")


def test_a_thousand_idle_connections_cost_nobody_anything(server, other):
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    idle = []
    try:
        for _ in range(1000):
            idle.append(socket.socket(socket.AF_UNIX))
            idle[-1].connect(server.unix.removeprefix("unix://"))
        until(lambda: b"connected_clients:100" in other("INFO", "clients"))
        idle[500].sendall(encode_command("PING"))
        assert idle[500].recv(100) == b"+PONG\r\n"
    finally:
        for each in idle:
            each.close()


def test_clients_that_vanish_in_the_middle_of_a_request(server, other):
    for raw in (b"*3\r\n$3\r\nSET\r\n$5\r\nab", b"*", b"*2\r\n$12\r\nAI.TENSORGET\r\n"):
        for _ in range(20):
            with Wire(server.unix) as wire:
                wire.send(raw)
    assert other("PING") == b"PONG"


def test_a_client_that_has_finished_sending_still_gets_its_reply(server):
    """As `printf … | nc` does."""
    with Wire(server.unix) as wire:
        wire.send(encode_command("ECHO", "x"))
        wire.socket.shutdown(socket.SHUT_WR)
        assert ends(wire) == [b"x"]


def test_more_clients_than_may_be(tmp_path):
    with running(tmp_path, max_clients=2) as server, Wire(server.unix) as first, Wire(server.unix) as second:
        assert first("PING") == second("PING") == b"PONG"
        with Wire(server.unix) as third:
            assert [str(reply) for reply in ends(third)] == ["ERR max number of clients reached"]
        second.socket.close()
        until(lambda: b"connected_clients:1\r" in first("INFO", "clients"))
        with Wire(server.unix) as third:
            assert third("PING") == b"PONG"


def test_the_password_is_wanted_over_tcp_alone(tmp_path):
    with running(tmp_path, password="open sesame") as server:
        with Wire(server.unix) as wire:
            assert wire("PING") == b"PONG"
        with Wire(server.tcp) as wire:
            assert wire.error("PING") == wire.error("NOTHING") == "NOAUTH Authentication required."
            assert wire.error("HELLO", "2").startswith("NOAUTH")
            assert wire.error("AUTH", "wrong").startswith("WRONGPASS")
            assert wire.error("AUTH", "somebody", "open sesame").startswith("WRONGPASS")
            assert wire("AUTH", "open sesame") == b"OK"
            assert wire("PING") == b"PONG"
        with Wire(server.tcp) as wire:
            assert wire("HELLO", "2", "AUTH", "default", "open sesame")[0] == b"server"
        with Wire(server.tcp) as wire:  # nobody may fill the memory before
            wire.send(b"*2\r\n$4\r\nAUTH\r\n$900000\r\n" + b"x" * 200_000)
            assert "at most" in str(ends(wire)[0])


def test_what_may_be_listened_on():
    def code(listen: Listen, password: str = "", insecure: bool = False, wanted: bool | None = None) -> bool:
        chosen = Settings(password=password)
        guard(chosen, listen, insecure, wanted)
        return chosen.allow_code

    for listen in (Listen("127.0.0.1", 1), Listen("::1", 1), Listen("localhost", 1), Listen(path="/x")):
        assert code(listen)
        assert not code(listen, wanted=False)
    for host in ("0.0.0.0", "::", "10.0.0.1", "somewhere.example"):
        with pytest.raises(ValueError, match="--insecure"):
            code(Listen(host, 1))
        assert not code(Listen(host, 1), insecure=True)
        assert not code(Listen(host, 1), password="x")
        assert code(Listen(host, 1), password="x", wanted=True)
    with pytest.raises(ValueError, match="port or the path"):
        code(Listen())


def test_only_this_user_may_open_the_unix_socket(server):
    assert os.stat(server.unix.removeprefix("unix://")).st_mode & 0o777 == 0o600


def push(server, *words: str) -> None:
    """As a client does that gives up before the reply comes."""
    with Wire(server.unix) as wire:
        assert isinstance(wire("RPUSH", *words), int)


def test_a_push_that_is_sent_again_counts_once(server, other):
    other("DEL", "l")
    for _ in range(4):  # four times on four connections were seen of SmartRedis
        push(server, "l", "P.{ds0}")
    assert other("LRANGE", "l", 0, -1) == [b"P.{ds0}"]
    push(server, "l", "P.{ds1}")
    push(server, "l", "P.{ds0}")  # was its client's last, and lies behind another's now
    assert other("LRANGE", "l", 0, -1) == [b"P.{ds0}", b"P.{ds1}"]


def test_what_is_pushed_twice_on_purpose_counts_twice(server, other):
    other("DEL", "l")
    with Wire(server.unix) as first, Wire(server.unix) as second:
        assert [first("RPUSH", "l", "x") for _ in range(2)] == [1, 2]
        assert second("RPUSH", "l", "x") == 3  # of a client that lives
        second("PING")
    push(server, "l", "x")  # the other had its reply, for it went on
    assert other("LLEN", "l") == 4
    for expected in (5, 6):
        with Wire(server.unix) as first:
            assert first("RPUSH", "l", "y") == expected
            first.put("t", np.zeros(1))  # it went on in the shorter form, too
    other("DEL", "l")
    push(server, "l", "x")  # sent again, but there is no list any more
    assert other("LLEN", "l") == 1


def test_pushes_are_remembered_for_a_while_and_not_many_of_them(monkeypatch):
    class Gone:
        last, peer = retries.PUSHED, type("Peer", (), {"gone": lambda self: True})()

    known = retries.Retries()
    assert not known.is_repeated(Gone(), [b"RPUSH", b"l", b"x"])
    assert not known.is_repeated(Gone(), [b"RPUSH", b"lx", b""]), "other words"
    assert known.is_repeated(Gone(), [b"RPUSH", b"l", b"x"])
    for i in range(2 * retries.REMEMBERED):
        assert not known.is_repeated(Gone(), [b"RPUSH", b"l", b"%d" % i])
    assert len(known._latest) == retries.REMEMBERED
    monkeypatch.setattr(retries, "RETRY_WINDOW", 0.0)
    assert not known.is_repeated(Gone(), [b"RPUSH", b"l", b"%d" % i])
    assert len(known._latest) == 1, "what is too old is forgotten"


def test_tensors_of_many_clients_at_a_time(server, other):
    wires = [Wire(server.unix if i % 2 else server.tcp) for i in range(20)]
    try:
        for turn in range(10):
            for i, wire in enumerate(wires):
                wire.send(encode_command("AI.TENSORSET", f"t{i}", "INT64", 1, "BLOB", np.int64(i * turn).tobytes()))
                wire.send(encode_command("AI.TENSORGET", f"t{i}", "VALUES"))
            for i, wire in enumerate(wires):
                assert [wire.receive(), wire.receive()] == [b"OK", [i * turn]]
    finally:
        for wire in wires:
            wire.socket.close()
