"""Clients of Redis itself, which people have at hand: redis-py and redis-cli."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest

from tests.serving.orchestrator import running

pytest.importorskip("hiredis")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    with running(tmp_path_factory.mktemp("s")) as found:
        yield found.unix.removeprefix("unix://")


def test_redis_py(path):
    redis = pytest.importorskip("redis")
    client = redis.Redis(unix_socket_path=path, protocol=2)
    assert client.ping()
    client.hset("h", mapping={"a": 1})
    assert client.hgetall("h") == {b"a": b"1"}
    client.rpush("l", "x", "y")
    assert client.lrange("l", 0, -1) == [b"x", b"y"]
    assert client.info("server")["redis_mode"] == "standalone"
    blob = np.arange(3, dtype="f4").tobytes()
    with client.pipeline(transaction=False) as pipe:
        pipe.execute_command("AI.TENSORSET", "x", "FLOAT", 3, "BLOB", blob)
        pipe.execute_command("AI.TENSORGET", "x", "BLOB")
        assert pipe.execute() == [b"OK", blob]
    with pytest.raises(redis.ResponseError, match="tensor key is empty"):
        client.execute_command("AI.TENSORGET", "none")
    client.close()


@pytest.mark.skipif(shutil.which("redis-cli") is None, reason="no redis-cli")
def test_redis_cli(path):
    script = "AI.TENSORSET t FLOAT 2 VALUES 1 2\nAI.TENSORGET t VALUES\nSET k v\nGET k\nNONSENSE\n"
    done = subprocess.run(
        ["redis-cli", "-s", path], input=script, capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.split("\n")[:5] == ["OK", "1.0", "2.0", "OK", "v"]
    assert "unknown command 'NONSENSE'" in done.stdout
