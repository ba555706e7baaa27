"""Servers that share a Redis: what one does the other sees; what is wrong with the Redis is said, and survived."""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import contextmanager, suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.agents.serving.protocol.names import SCRATCH
from gymcc.agents.serving.protocol.resp import encode_command
from gymcc.agents.serving.server.errors import CommandError
from gymcc.agents.serving.server.local import LocalStore
from gymcc.agents.serving.server.values import Alias, Model, Script, Text, from_array
from tests.serving.orchestrator import running
from tests.serving.redis_server import cluster, free_ports, redis, stored
from tests.serving.test_server_store import STEPS, contents, operation
from tests.serving.wire import Wire, onnx_sum

pytest.importorskip("redis")
pytest.importorskip("onnxruntime")
from gymcc.agents.serving.server import records
from gymcc.agents.serving.server.divided import DividedStore
from gymcc.agents.serving.server.redis_link import shown
from gymcc.agents.serving.server.remote import COMPILED, RedisStore

SHARED = ("redis", "cluster")
A = np.arange(6, dtype="f4").reshape(2, 3)
RUN = ("AI.MODELEXECUTE", "p", "INPUTS", 2, "a", "a", "OUTPUTS", 2, "x", "y")


@pytest.fixture(scope="module", params=SHARED)
def url(request, tmp_path_factory):
    with stored(request.param, tmp_path_factory.mktemp("r")) as found:
        yield found


@contextmanager
def two_servers(folder, url: str):
    """Connections to two servers that share the Redis."""
    for name in "ab":
        (folder / name).mkdir()
    with (
        running(folder / "a", store=url) as first,
        running(folder / "b", store=url) as second,
        Wire(first.unix) as one,
        Wire(second.unix) as other,
    ):
        one("FLUSHDB")
        yield one, other


@contextmanager
def alone(folder, *options: str, port: int = 0, **chosen):
    """A Redis of its own, a server that keeps everything there, and a connection to it."""
    with (
        redis(folder / "r", *options, port=port) as node,
        running(folder, store=node.url, **chosen) as server,
        Wire(server.unix) as wire,
    ):
        yield node, server, wire


def test_what_one_server_stores_the_other_runs(tmp_path, url):
    with two_servers(tmp_path, url) as (one, other):
        one.put("a", A)
        for version in (1, 2):
            assert one("AI.MODELSTORE", f"p:{version}", "ONNX", "CPU", "BLOB", onnx_sum(scale=version)) == b"OK"
        for turn in range(10):  # an alias is seen at once
            mover, user = (one, other) if turn % 2 else (other, one)
            version = turn % 2 + 1
            assert mover("GYMCC.ALIAS", "p", f"p:{version}") == b"OK"
            assert user(*RUN) == b"OK"
            assert (mover.get("y") == version * A).all()
        assert one("GYMCC.MODELS") == other("GYMCC.MODELS")
        one("AI.MODELDEL", "p:1")
        one("AI.MODELSTORE", "p:1", "ONNX", "CPU", "BLOB", onnx_sum(scale=5))  # another one by an old name
        other("GYMCC.ALIAS", "p", "p:1")
        assert other(*RUN) == b"OK"
        assert (one.get("y") == 5 * A).all()
        one("RENAME", "p:1", "q")
        assert "model key is empty" in other.error(*RUN)
        assert [row[0] for row in other("GYMCC.MODELS")] == [b"p:2", b"q"]


def test_what_a_decision_alone_uses_stays_in_the_process(tmp_path, url):
    key = f"{SCRATCH}1.i0"
    with two_servers(tmp_path, url) as (one, other):
        one.put(key, A)
        one.put("shared", A)
        assert (one.get(key) == A).all()
        assert (one("EXISTS", key, "shared"), other("EXISTS", key, "shared")) == (2, 1)
        assert one("COPY", key, "copied") == 1
        assert (other.get("copied") == A).all()
        assert one("RENAME", "copied", key) == b"OK"
        assert (one("EXISTS", "copied"), one("DEL", key, "shared"), one("DBSIZE")) == (0, 2, 0)


def test_what_comes_from_a_decisions_keys_takes_the_place_of_what_was_there(tmp_path, url):
    with two_servers(tmp_path, url) as (one, other):
        one("RPUSH", f"{SCRATCH}l", "new")
        other("RPUSH", "l", "old")
        assert one("COPY", f"{SCRATCH}l", "l") == 0
        assert one("COPY", f"{SCRATCH}l", "l", "REPLACE") == 1
        assert other("LRANGE", "l", 0, -1) == [b"new"]
        other("HSET", "h", "f", "old")
        assert one("RENAME", f"{SCRATCH}l", "h") == b"OK"
        assert other("LRANGE", "h", 0, -1) == [b"new"]


def test_what_is_moved_or_copied_lives_no_longer_than_it_would_have(tmp_path, url):
    with two_servers(tmp_path, url) as (one, other):
        one("SET", "k", "v", "EX", 100)
        assert one("COPY", "k", "in-another-slot") == 1
        assert one("RENAME", "k", "and-another") == b"OK"
        assert all(90 < other("TTL", key) <= 100 for key in ("in-another-slot", "and-another"))


def test_data_sets_grow_through_several_servers(tmp_path, url):
    with two_servers(tmp_path, url) as (one, other):
        for i in range(50):
            server = (one, other)[i % 2]
            server.put(f"{{d{i}}}.t", A + i)
            server("HSET", f"{{d{i}}}.meta", ".COMPLETE", "1")
            assert server("RPUSH", "l", f"{{d{i}}}") == i + 1
        assert other("LRANGE", "l", 0, -1) == [b"{d%d}" % i for i in range(50)]
        assert all((one.get(f"{{d{i}}}.t") == A + i).all() for i in range(50))


def test_a_push_that_comes_again_through_another_server_counts_once(tmp_path, url):
    """Of a client whose reply was late, or whose server died: it takes another address, and sends it again."""
    with two_servers(tmp_path, url) as (one, other):
        for key in ("l", "{d}.l"):
            assert one("RPUSH", key, "x") == 1
            assert one("RPUSH", key, "y", "z") == 3
            assert other("RPUSH", key, "x") == 3, "is there already, though something lies behind it"
            assert other("RPUSH", key, "y", "z") == 3
            assert other("RPUSH", key, "y") == 4, "is another push"
            assert one("LRANGE", key, 0, -1) == [b"x", b"y", b"z", b"y"]
            assert other("RPUSH", key, "x") == 5, "this client lives, and means it"
            assert one("DEL", key) == 1
            assert one("RPUSH", key, "x") == 1, "what is gone is not there already"
        assert b"pushes_repeated_elsewhere:4" in other("INFO", "stats").replace(b" ", b"")
        assert other("DBSIZE") == 2


def test_a_push_is_the_others_again_once_nobody_can_be_waiting(tmp_path, url, monkeypatch):
    monkeypatch.setattr("gymcc.agents.serving.server.redis_pushes.RETRY_WINDOW", 0.05)
    with two_servers(tmp_path, url) as (one, other):
        assert one("RPUSH", "l", "x") == 1
        for i in range(10):  # though others push on
            time.sleep(0.02)
            one("RPUSH", "m", str(i))
        assert other("RPUSH", "l", "x") == 2


def test_a_push_of_very_many_elements(tmp_path, url):
    with two_servers(tmp_path, url) as (one, other):
        elements = [str(i) for i in range(9_999)]
        assert one("RPUSH", "l", *elements) == len(elements)
        assert other("RPUSH", "l", *elements) == len(elements)
        assert [int(each) for each in other("LRANGE", "l", 0, -1)] == list(range(9_999))


def test_a_pipeline_is_answered_in_order_though_each_request_waits(tmp_path, url):
    with two_servers(tmp_path, url) as (one, _):
        words = [("RPUSH", "l", str(i)) if i % 3 else ("ECHO", str(i)) for i in range(300)]
        one.send(b"".join(encode_command(*each) for each in words))
        pushed = iter(range(1, 300))
        assert [one.receive() for _ in words] == [next(pushed) if i % 3 else b"%d" % i for i in range(300)]


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(STEPS.filter(lambda step: step[0] != "hash_delete" or step[2]), max_size=20))
def test_every_operation_does_what_it_does_in_the_process(url, steps):
    async def check():
        shared, own = RedisStore(url), LocalStore()
        await shared.begin()
        await shared.clear()
        for name, *args in steps:
            try:
                expected = await operation(own, name, args)
            except CommandError as error:
                with pytest.raises(CommandError, match=str(error)[:10]):
                    await operation(shared, name, args)
            else:
                assert await operation(shared, name, args) == expected, (name, args)
        assert await contents(shared) == await contents(own)
        assert await shared.size() == await own.size()
        await shared.close()

    asyncio.run(check())


VALUES = [
    *(from_array(np.arange(6, dtype=kind).reshape(1, 2, 3)) for kind in ("f4", "f8", "i1", "i8", "u2")),
    *(Text(raw) for raw in (b"", b"text", records.MAGIC, records.MAGIC + b"T", b"\0gymcc")),
    Alias(b"\0\xff"),
    Script("CPU", b"def f(x):\n    return x\n", "d", b"t\0", (b"f", b"")),
    Model("ONNX", "GPU:1", b"blob\r\n", "digest", b"tag\0", (4, 2, 10), (b"a",), (b"b", b"c")),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_is_read_as_it_was_written(value):
    found = records.decode(records.encode(value))
    names = getattr(type(value), "__slots__", None) or value._fields
    assert type(found) is type(value)
    assert [getattr(found, name) for name in names] == [getattr(value, name) for name in names]


@given(st.binary(max_size=40))
def test_whatever_somebody_wrote_is_a_value_or_refused(raw):
    for letter in (b"", b"T", b"M", b"S", b"A", b"X", b"?"):
        with suppress(CommandError):
            assert records.encode(records.decode(records.MAGIC + letter + raw)) is not None


def test_only_so_many_models_stay_compiled(tmp_path):
    async def check(url: str):
        store = RedisStore(url)
        await store.begin()
        for i in range(COMPILED + 10):
            await store.put(b"m%d" % i, Model("ONNX", "CPU", b"blob", f"digest {i}"))
        assert store.counts()["compiled_models"] == COMPILED
        assert len(await store.models()) == COMPILED + 10
        assert (await store.get(b"m0")).blob == b"blob"
        assert await store.get(b"m0") is await store.get(b"m0")
        assert store.counts()["compiled_models"] == COMPILED
        await store.close()

    with redis(tmp_path / "r") as node:
        asyncio.run(check(node.url))


def test_redis_forgets_the_names_of_models_that_are_gone(tmp_path):
    with alone(tmp_path) as (node, _, wire):
        for i in range(3):
            wire("AI.MODELSTORE", f"m{i}", "ONNX", "CPU", "BLOB", onnx_sum())
        assert node("SCARD", "gymcc.index") == b":3\r\n"
        wire("AI.MODELDEL", "m0")
        wire("DEL", "m1")
        assert node("SMEMBERS", "gymcc.index") == b"*1\r\n$2\r\nm2\r\n"


def test_plain_tensors_live_as_long_as_they_may(tmp_path):
    with alone(tmp_path, tensor_ttl=100) as (_, _, wire):
        wire.put("a", A)
        wire.put("{d}.t", A)
        assert 0 < wire("TTL", "a") <= 100
        assert wire("TTL", "{d}.t") == -1


def test_a_full_redis_is_an_error_and_reading_goes_on(tmp_path):
    with alone(tmp_path, "--maxmemory", "8mb") as (_, _, wire):
        replies = [wire("AI.TENSORSET", f"t{i}", "UINT8", 1 << 20, "BLOB", bytes(1 << 20)) for i in range(12)]
        assert replies[0] == b"OK"
        assert str(replies[-1]) == "OOM command not allowed when used memory > 'maxmemory'"
        assert wire.error("RPUSH", "l", bytes(1 << 20)).startswith("OOM")
        assert len(wire("AI.TENSORGET", "t0", "BLOB")) == 1 << 20
        assert wire("DEL", *(f"t{i}" for i in range(12))) > 3
        assert wire("RPUSH", "l", "x") == 1


def test_a_redis_that_is_away_is_named_and_taken_up_again_when_it_is_back(tmp_path):
    with alone(tmp_path, "--appendonly", "yes", port=free_ports(1)[0]) as (node, _, wire):
        wire("AI.MODELSTORE", "p", "ONNX", "CPU", "BLOB", onnx_sum())
        wire.put("a", A)
        node.end(signal.SIGKILL)
        for words in (
            ("AI.TENSORGET", "a"),
            ("RPUSH", "l", "x"),
            RUN,
            ("GYMCC.MODELS",),
            ("DBSIZE",),
            ("FLUSHDB",),
        ):
            text = wire.error(*words)
            assert text.startswith(f"UNAVAILABLE the store {node.url} does not answer")
        wire.put(f"{SCRATCH}1", A)  # what stays here goes on
        assert wire("PING") == b"PONG"
        node.start()
        assert wire(*RUN) == b"OK"
        assert wire("RPUSH", "l", "x") == 1


def test_a_node_of_a_cluster_that_is_away_is_taken_up_again_when_it_is_back(tmp_path):
    with cluster(tmp_path / "c") as nodes, running(tmp_path, store=nodes[0].url) as server, Wire(server.unix) as wire:
        keys = [f"k{i}" for i in range(12)]  # in slots of all nodes
        assert [wire("SET", key, "v") for key in keys] == [b"OK"] * 12
        nodes[1].end(signal.SIGKILL)
        replies = [str(wire("SET", key, "v")) for key in keys]
        assert any(f"the store {nodes[0].url} does not answer" in reply for reply in replies)
        assert wire("PING") == b"PONG"
        nodes[1].start()
        deadline = time.monotonic() + 30
        while [wire("SET", key, "v") for key in keys] != [b"OK"] * 12:
            assert time.monotonic() < deadline


def test_a_redis_that_does_not_answer_is_an_error_within_the_deadline(tmp_path, monkeypatch):
    monkeypatch.setattr("gymcc.agents.serving.server.redis_link.DEADLINE", 0.5)
    with alone(tmp_path) as (node, server, wire), Wire(server.unix) as other:
        wire.put("a", A)
        node.process.send_signal(signal.SIGSTOP)
        try:
            wire.send(encode_command("AI.TENSORGET", "a"))
            assert other("PING") == b"PONG"  # nobody else waits
            assert str(wire.receive()).startswith("UNAVAILABLE")
        finally:
            node.process.send_signal(signal.SIGCONT)
        deadline = time.monotonic() + 30
        while not isinstance(found := wire("AI.TENSORGET", "a", "META"), list):
            assert time.monotonic() < deadline, found


def test_what_a_store_may_be(tmp_path, gymcc):
    def said(url: str) -> str:
        return gymcc("serve", "--unix", str(tmp_path / "s"), "--backends", "ONNX", "--store", url)

    for url in ("127.0.0.1:6379", "http://host", "redis://", "redis://h:port", "unix://"):
        assert said(url).count("\n") == 1
        assert "--store" in said(url)
    assert "secret" not in said("redis//:secret@host")
    (port,) = free_ports(1)
    assert f"cannot reach the store redis://127.0.0.1:{port}" in said(f"redis://:secret@127.0.0.1:{port}")
    assert "secret" not in said(f"redis://:secret@127.0.0.1:{port}")
    with redis(tmp_path / "r", "--requirepass", "open", port=port):
        for wrong in ("", ":shut@"):
            text = said(f"redis://{wrong}127.0.0.1:{port}")
            assert f"the store redis://127.0.0.1:{port} refuses" in text
            assert "shut" not in text
        with running(tmp_path, store=f"redis://:open@127.0.0.1:{port}/1") as server, Wire(server.unix) as wire:
            assert wire("SET", "k", "v") == b"OK"
    assert "leave out the file" in gymcc("serve", "--store", "redis://h", "--snapshot", str(tmp_path / "f"))


def test_the_name_of_a_store_has_no_password():
    assert shown("redis://user:secret@host/2") == "redis://host:6379/2"
    assert shown("rediss://:secret@[::1]:7000") == "rediss://[::1]:7000"
    assert shown("unix:///tmp/redis.sock") == "unix:///tmp/redis.sock"


def test_redis_saves_when_it_is_told(tmp_path, url):
    with running(tmp_path, store=url) as server, Wire(server.unix) as wire:
        before = time.time() - 1
        assert wire("SAVE") == b"OK"
        assert wire("LASTSAVE") >= before


def test_the_parts_are_a_store():
    own, shared = LocalStore(), RedisStore("redis://nobody")
    assert DividedStore(own, shared).used() == 0
