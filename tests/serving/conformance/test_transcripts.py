"""What SmartRedis 0.6.1 was recorded to send is answered as it was then; needs no SmartRedis."""

from __future__ import annotations

import json
import socket

import pytest

from tests.serving.conformance.recorder import encoded, end_of_reply, one_reply
from tests.serving.conformance.transcripts import MODES, as_json, from_json, path_of, stable
from tests.serving.orchestrator import running
from tests.serving.redis_server import saving


@pytest.mark.parametrize(
    ("mode", "kind"), [*((mode, "own") for mode in MODES), ("standalone", "cluster"), ("clustered", "redis")]
)
def test_recorded_requests_get_the_recorded_replies(tmp_path, mode, kind):
    pytest.importorskip("torch")
    exchanges = from_json(json.loads(path_of(mode).read_text()))
    assert len(exchanges) > 200
    pending = b""
    with (
        saving(kind, tmp_path) as settings,
        running(tmp_path, **settings) as server,
        _connected(server.tcp) as peer,
    ):
        for number, (request, expected) in enumerate(exchanges):
            peer.sendall(encoded(request))
            reply, pending = one_reply(peer, pending)
            where = f"exchange {number}: {request[:3]}"
            assert stable(request, reply) == stable(request, expected), where


def _connected(address):
    host, port = address.split(":")
    return socket.create_connection((host, int(port)), 60)


def test_the_transcripts_show_every_command_of_smartredis():
    commands = {row[0][0] for mode in MODES for row in json.loads(path_of(mode).read_text())}
    assert commands == {
        *(
            "PING",
            "CLUSTER",
            "EXISTS",
            "DEL",
            "UNLINK",
            "RENAME",
            "HMSET",
            "HSET",
            "HGETALL",
            "HEXISTS",
            "RPUSH",
            "LLEN",
        ),
        *("LRANGE", "INFO", "CONFIG", "SAVE", "FLUSHDB", "AI.CONFIG", "AI.INFO", "AI.TENSORSET", "AI.TENSORGET"),
        *("AI.MODELSTORE", "AI.MODELGET", "AI.MODELEXECUTE", "AI.MODELDEL"),
        *("AI.SCRIPTSET", "AI.SCRIPTGET", "AI.SCRIPTRUN", "AI.SCRIPTDEL"),
    }


@pytest.mark.parametrize("mode", MODES)
def test_a_transcript_is_read_as_it_was_written(mode):
    rows = json.loads(path_of(mode).read_text())
    assert as_json(from_json(rows)) == rows


@pytest.mark.parametrize(
    "reply",
    [b"+OK\r\n", b"-ERR no\r\n", b":1\r\n", b"$-1\r\n", b"$3\r\na\r\n\r\n", b"*2\r\n*1\r\n:1\r\n$0\r\n\r\n"],
)
def test_a_reply_ends_where_it_ends(reply):
    assert end_of_reply(reply + b"+more\r\n") == len(reply)
    assert all(end_of_reply(reply[:size]) is None for size in range(len(reply)))
