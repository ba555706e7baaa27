"""Each command of the protocol over a socket, without the client of this suite."""

from __future__ import annotations

import time

import hiredis
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gymcc.agents.serving.protocol.resp import encode_command
from tests.serving.orchestrator import running
from tests.serving.redis_server import STORES, stored
from tests.serving.wire import Wire, names

pytest.importorskip("hiredis")
DTYPES = list(names())


@pytest.fixture(scope="module", params=STORES)
def server(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("s")
    with stored(request.param, folder) as store, running(folder, store=store) as found:
        yield found


@pytest.fixture
def wire(server):
    with Wire(server.unix) as connection:
        connection("FLUSHDB")
        yield connection


@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_a_client_that_connects_is_answered_over_both_sockets(server, kind):
    with Wire(getattr(server, kind)) as wire:
        assert wire("PING") == b"PONG"
        assert wire("PING", b"\0\r\n") == b"\0\r\n"


def test_a_clustered_client_finds_all_slots_at_the_address_it_came_by(server):
    host, port = server.tcp.split(":")
    with Wire(server.tcp) as wire:
        ((first, last, (ip, number, node)),) = wire("CLUSTER", "SLOTS")
        assert (first, last, ip.decode(), number) == (0, 16383, host, int(port))
        assert len(node) == 40
        assert wire("CLUSTER", "KEYSLOT", "foo") == 12182  # of the Redis cluster specification's examples
        assert b"cluster_state:ok\r\n" in wire("CLUSTER", "INFO")


@settings(max_examples=60)
@given(
    data=st.data(),
    dtype=st.sampled_from(DTYPES),
    shape=hnp.array_shapes(max_dims=5, max_side=4),
    key=st.binary(min_size=1, max_size=20),
)
def test_a_tensor_comes_back_as_it_was_put(server, data, dtype, shape, key):
    array = data.draw(hnp.arrays(dtype, shape))
    with Wire(server.unix) as wire:
        assert wire.put(key, array) == b"OK"
        back = wire.get(key)
        assert back.shape == array.shape
        assert back.tobytes() == array.tobytes()
        assert wire("DEL", key) == 1


def test_the_forms_of_getting_a_tensor(wire):
    wire("AI.TENSORSET", "x", "FLOAT", 2, 1, "VALUES", "1.5", "-2")
    blob = np.array([1.5, -2], "f4").tobytes()
    meta = [b"dtype", b"FLOAT", b"shape", [2, 1]]
    assert wire("AI.TENSORGET", "x", "META") == meta
    assert wire("AI.TENSORGET", "x", "BLOB") == blob
    assert wire("AI.TENSORGET", "x") == wire("ai.tensorget", "x", "meta", "blob") == [*meta, b"blob", blob]
    assert wire("AI.TENSORGET", "x", "VALUES") == [b"1.5", b"-2.0"]
    assert wire("AI.TENSORGET", "x", "META", "VALUES") == [*meta, b"values", [b"1.5", b"-2.0"]]
    wire("AI.TENSORSET", "z", "INT8", 3)
    assert wire("AI.TENSORGET", "z", "VALUES") == [0, 0, 0]
    assert wire("TYPE", "z") == b"ai_tensor"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("FLOAT", 2, "BLOB", b"1234"), "ERR data length does not match tensor shape and type"),
        (("FLOAT", 2, "VALUES", 1), "ERR data length does not match tensor shape and type"),
        (("FLOAT", 2, "VALUES", 1, "x"), "ERR invalid value"),
        (("INT8", 1, "VALUES", 300), "ERR invalid value"),
        (("FLOAT16", 2, "BLOB", b"1234"), "ERR invalid data type"),
        (("FLOAT", 0, "BLOB", b""), "tensor shape"),
        (("FLOAT", -1, "BLOB", b""), "tensor shape"),
        (("FLOAT", "BLOB", b""), "tensor shape"),
        (("FLOAT", *[1] * 40, "BLOB", b"1234"), "tensor shape"),
        (("FLOAT", 1 << 40), "ERR a tensor has"),
        (("FLOAT", 10**14, 10**14, "BLOB", b"1234"), "ERR data length"),
    ],
)
def test_tensors_that_cannot_be_are_refused_and_leave_nothing(wire, words, text):
    assert text in wire.error("AI.TENSORSET", "x", *words)
    assert wire("EXISTS", "x") == 0
    assert wire.error("AI.TENSORGET", "x", "META", "BLOB") == "ERR tensor key is empty or in a different shard"


def test_keys_are_counted_renamed_copied_and_deleted(wire):
    wire.put("a", np.arange(3))
    assert wire("EXISTS", "a", "a", "b") == 2
    assert wire("RENAME", "a", "b") == b"OK"
    assert wire.error("RENAME", "a", "b") == "ERR no such key"
    assert wire("COPY", "b", "c") == 1
    assert wire("COPY", "b", "c") == 0
    assert wire("COPY", "b", "c", "REPLACE") == 1
    assert wire("DBSIZE") == 2
    assert wire("UNLINK", "b", "x") == 1
    assert (wire.get("c") == np.arange(3)).all()
    assert wire("RENAME", "c", "c") == b"OK"
    assert wire("FLUSHDB") == b"OK"
    assert wire("DBSIZE") == 0


def test_a_key_of_another_kind_is_no_tensor(wire):
    wire("HSET", "h", "f", "v")
    wire("RPUSH", "l", "e")
    wire.put("t", np.arange(3))
    for words in (("AI.TENSORGET", "h"), ("HGETALL", "l"), ("LLEN", "t"), ("HSET", "t", "f", "v"), ("RPUSH", "h", "x")):
        assert wire.error(*words).startswith("WRONGTYPE")
    assert wire.error("AI.TENSORSET", "h", "INT8", 1, "BLOB", b"x").startswith("WRONGTYPE")
    assert wire("HGETALL", "h") == [b"f", b"v"]


def test_times_to_live(wire):
    wire.put("a", np.arange(3))
    assert wire("TTL", "a") == -1
    assert wire("TTL", "nothing") == -2
    assert wire("EXPIRE", "nothing", 10) == 0
    assert wire("EXPIRE", "a", 10) == 1
    assert wire("TTL", "a") in (9, 10)
    assert wire("RENAME", "a", "b") == b"OK"
    assert 8000 < wire("PTTL", "b") <= 10_000
    assert wire("PERSIST", "b") == 1
    assert wire("TTL", "b") == -1
    assert wire("PEXPIREAT", "b", int(time.time() * 1000) + 50) == 1
    time.sleep(0.1)
    assert wire("EXISTS", "b") == 0
    assert wire("SET", "s", "v", "EX", 100) == b"OK"
    assert wire("TTL", "s") in (99, 100)
    assert wire("SET", "s", "w") == b"OK"
    assert wire("TTL", "s") == -1


def test_strings(wire):
    assert wire("GET", "s") is None
    assert wire("SET", "s", "v", "XX") is None
    assert wire("SET", "s", "v", "NX") == b"OK"
    assert wire("SET", "s", "w", "NX") is None
    assert wire("GET", "s") == b"v"


def test_the_exchange_of_a_data_set(wire):
    """What SmartRedis sends for put_dataset: one pipeline, no error in any of its replies."""
    key = "P.{ds}.meta"
    blob = np.arange(4, dtype="f4").tobytes()
    pipeline = [
        ("DEL", key),
        ("HMSET", key, ".tensor_names", b"\x07\x01\0\0\0\0\0\0\0t", "f", b"\x04" + b"\0" * 8),
        ("AI.TENSORSET", "P.{ds}.t", "FLOAT", 4, "BLOB", blob),
        ("HSET", key, ".COMPLETE", "1"),
    ]
    wire.send(b"".join(encode_command(*words) for words in pipeline))
    assert [wire.receive() for _ in pipeline] == [0, b"OK", b"OK", 1]
    fields = wire("HGETALL", key)
    assert dict(zip(fields[::2], fields[1::2], strict=True))[b".COMPLETE"] == b"1"
    assert wire("HEXISTS", key, ".COMPLETE") == 1
    assert wire("HGETALL", "nothing") == []
    assert wire("DEL", key, "P.{ds}.t") == 2


def test_hashes(wire):
    assert wire("HSET", "h", "a", "1", "b", "2") == 2
    assert wire("HSET", "h", "a", "3", "c", "4") == 1
    assert wire("HGET", "h", "a") == b"3"
    assert wire("HMGET", "h", "a", "x") == [b"3", None]
    assert (wire("HLEN", "h"), wire("HKEYS", "h")) == (3, [b"a", b"b", b"c"])
    assert wire("HDEL", "h", "a", "a", "x") == 1
    assert wire("HDEL", "h", "b", "c") == 2
    assert wire("EXISTS", "h") == 0
    assert "wrong number" in wire.error("HSET", "h", "a")


@settings(max_examples=40)
@given(st.lists(st.binary(max_size=4), max_size=6), st.integers(-8, 8), st.integers(-8, 8))
def test_ranges_of_lists_are_those_of_redis(server, elements, start, stop):
    """Both ends count, negative ones from the end, and what is beyond is cut off."""
    n = len(elements)
    first, last = (start + n if start < 0 else start), (stop + n if stop < 0 else stop)
    expected = [element for at, element in enumerate(elements) if first <= at <= last]
    with Wire(server.unix) as wire:
        wire("DEL", "l")
        for at, element in enumerate(elements):
            assert wire("RPUSH", "l", element) == at + 1
        assert wire("LRANGE", "l", start, stop) == expected
        assert wire("LTRIM", "l", start, stop) == b"OK"
        assert wire("LLEN", "l") == len(expected)
        assert wire("EXISTS", "l") == bool(expected)


def test_what_clients_ask_before_they_begin(wire):
    fields = wire("HELLO", "2")
    assert fields[fields.index(b"proto") + 1] == 2
    assert wire.error("HELLO", "3").startswith("NOPROTO")
    assert wire("CLIENT", "SETNAME", "me") == b"OK"
    assert wire("CLIENT", "GETNAME") == b"me"
    assert wire("CLIENT", "SETINFO", "LIB-NAME", "x") == b"OK"
    assert b"name=me" in wire("CLIENT", "LIST")
    assert wire("COMMAND", "DOCS") == []
    assert wire("SELECT", "0") == b"OK"
    assert "out of range" in wire.error("SELECT", "1")
    assert "no password" in wire.error("AUTH", "x") or "without any password" in wire.error("AUTH", "x")
    assert wire("ECHO", "x") == b"x"
    assert wire("QUIT") == b"OK"
    with pytest.raises(EOFError):
        wire.receive()


def test_info_in_sections(wire):
    wire.put("t", np.zeros(1000))
    text = wire("INFO", "EVERYTHING").decode()
    sections = {part.split("\r\n")[0]: part.split("\r\n")[1:] for part in text.split("# ")[1:]}
    assert {"Server", "Clients", "Memory", "Stats", "Keyspace"} <= set(sections)
    assert set(wire("INFO", "memory").decode().split("# ")[1:][0].split()) & {"Memory"}
    assert "db0:keys=1" in sections["Keyspace"][0]


def test_memory_in_use_is_told_and_bounded(tmp_path):
    with running(tmp_path) as server, Wire(server.unix) as wire:
        wire.put("t", np.zeros(1000))
        memory = dict(line.split(":") for line in wire("INFO", "memory").decode().split("\r\n")[1:] if line)
        assert 8000 < int(memory["used_memory"]) < 10_000
        assert wire("CONFIG", "SET", "maxmemory", "1mb", "maxmemory-policy", "noeviction") == b"OK"
        assert wire.error("AI.TENSORSET", "x", "INT8", 1 << 20, "BLOB", bytes(1 << 20)).startswith("OOM")
        assert "--snapshot" in wire.error("SAVE")


def test_config(wire):
    assert wire("CONFIG", "GET", "maxmemory") == [b"maxmemory", b"0"]
    assert wire("CONFIG", "SET", "maxmemory", "1mb", "maxmemory-policy", "noeviction") == b"OK"
    assert wire("CONFIG", "GET", "maxmemory*") == [b"maxmemory", b"1048576", b"maxmemory-policy", b"noeviction"]
    assert wire("CONFIG", "SET", "maxmemory", "0", "maxmemory-policy", "allkeys-lru") == b"OK"
    assert wire("CONFIG", "GET", "nothing") == []
    assert "Unknown option" in wire.error("CONFIG", "SET", "nothing", "1")
    assert "immutable" in wire.error("CONFIG", "SET", "dir", "/")
    assert wire.error("CONFIG", "SET", "maxmemory", "many").startswith("ERR")
    assert wire("AI.CONFIG", "GET", "MODEL_CHUNK_SIZE") == 511 << 20  # RedisAI's default
    assert wire("AI.CONFIG", "MODEL_CHUNK_SIZE", 1000) == b"OK"
    assert wire("AI.CONFIG", "GET", "MODEL_CHUNK_SIZE") == 1000


@pytest.mark.parametrize(
    "words", [("NOTHING",), ("",), ("GET",), ("GET", "a", "b"), ("RENAME", "a"), ("AI.TENSORGET",), ("CLUSTER", "MEET")]
)
def test_a_request_that_makes_no_sense_is_an_error_and_the_connection_goes_on(wire, words):
    assert wire.error(*words).startswith("ERR")
    assert wire("PING") == b"PONG"


def test_replies_of_a_pipeline_come_in_order(wire):
    wire.send(b"".join(encode_command("ECHO", str(i)) + encode_command("BAD") for i in range(3000)))
    for i in range(3000):
        assert wire.receive() == str(i).encode()
        assert isinstance(wire.receive(), hiredis.ReplyError)


def test_a_request_in_single_bytes(wire):
    for byte in encode_command("ECHO", b"a\r\nb"):
        wire.send(bytes([byte]))
    assert wire.receive() == b"a\r\nb"
