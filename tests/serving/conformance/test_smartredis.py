"""Unmodified SmartRedis 0.6.1 against the orchestrator, beside our own client."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from gymcc.agents.serving import Client
from tests.serving.conformance.environment import DATA, every_method, program
from tests.serving.conformance.recorder import recording
from tests.serving.conformance.transcripts import as_json, path_of, record
from tests.serving.orchestrator import running
from tests.serving.redis_server import saving

pytest.importorskip("torch")
OURS = Path(sys.executable)
ERRORS = {"missing", "missing input", "no model", "other names", "GPU", "no function", "no script", "empty"}
ERRORS |= {"unknown", "elsewhere"}


@pytest.mark.parametrize(
    ("mode", "kind"), [("standalone", "own"), ("clustered", "own"), ("standalone", "cluster"), ("clustered", "redis")]
)
def test_every_method_does_for_smartredis_what_it_does_for_our_client(smartredis, tmp_path, mode, kind):
    seen = {}
    for python in (smartredis, OURS):
        folder = tmp_path / python.parts[-3]
        folder.mkdir()
        with saving(kind, folder) as settings, running(folder, **settings) as server:
            seen[python] = every_method(python, server.tcp, mode, folder)
    assert seen[smartredis] == seen[OURS]
    assert len(seen[OURS]) > 120
    assert {what for what, value in seen[OURS] if value == "error"} == ERRORS


def test_smartredis_works_over_a_unix_socket(smartredis, tmp_path):
    with running(tmp_path, snapshot=str(tmp_path / "snapshot")) as server:
        seen = every_method(smartredis, server.unix, "standalone", tmp_path)
    assert {what for what, value in seen if value == "error"} == ERRORS


@pytest.mark.parametrize("mode", ["standalone", "clustered"])
def test_the_transcripts_are_what_smartredis_sends(smartredis, tmp_path, mode):
    rows = as_json(record(smartredis, mode, tmp_path))
    assert rows == json.loads(path_of(mode).read_text())


@pytest.mark.parametrize("mode", ["standalone", "clustered"])
def test_what_one_client_writes_the_other_reads(smartredis, tmp_path, mode):
    shutil.copy(DATA / "double.onnx", tmp_path)
    found = {}
    for writer in (smartredis, OURS):
        with running(tmp_path) as server:
            program(writer, "interchange", "write", server.tcp, mode, tmp_path)
            for reader in (smartredis, OURS):
                program(reader, "interchange", "read", server.tcp, mode, tmp_path)
                found[writer, reader] = json.loads((tmp_path / "read.json").read_text())
    first, *others = found.values()
    assert others == [first] * 3
    assert first["added"] == [[3, 6]]
    assert first["whole"] == first["copied"]
    assert first["whole"][0]["text"] == ["", "one", "zwölf"]


def test_an_append_that_smartredis_repeats_because_its_reply_is_late_counts_once(smartredis, tmp_path):
    late = iter([5.0])  # seconds; SmartRedis gives the socket up after 0.25 and sends the same again on another

    def delay(request):
        return next(late, 0.0) if request[0] == b"RPUSH" else 0.0

    code = """
from smartredis import Client, Dataset
client = Client(address="127.0.0.1:%d", cluster=False)
client.append_to_list("list", Dataset("one"))
client.append_to_list("list", Dataset("two"))
client.append_to_list("list", Dataset("two"))
"""
    with running(tmp_path) as server, recording(server.tcp, delay) as recorder:
        (tmp_path / "append.py").write_text(code % recorder.port)
        program(smartredis, str(tmp_path / "append"), SR_SOCKET_TIMEOUT="250", SR_CMD_INTERVAL="800")
        pushed = [request[2] for request, _ in recorder.exchanges if request[0] == b"RPUSH"]
        with Client(server.tcp) as client:
            listed = client._call("LRANGE", "list", 0, -1)
    assert pushed == [b"{one}", b"{one}", b"{two}", b"{two}"]
    assert listed == [b"{one}", b"{two}", b"{two}"]
