"""`gymcc bench serve`: its parts against independent ones, and a short run of all of them."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.benchmarks import serving
from gymcc.benchmarks.serving.bars import bars
from gymcc.benchmarks.serving.client import Client, Measured, Task, over_rounds
from gymcc.benchmarks.serving.mlp import mlp
from gymcc.benchmarks.serving.paths import FOUR, IN_PROCESS, RAY, REDIS, SERVE
from gymcc.benchmarks.serving.programs import Program, ServerDied, descendants, listens
from gymcc.envs.core.toolchain import ToolError, ToolMissing
from gymcc.scripts.main import run
from tests.serving.foreign import CLIENTS

HEADER = CLIENTS / "c"
SERVER = [sys.executable, "-m", "gymcc.scripts.main", "serve"]


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(1, 300), min_size=2, max_size=4), st.integers(1, 5), st.integers(0, 9))
def test_the_network_computes_what_it_says(layers, rows, seed):
    onnx = pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    model = mlp(layers, seed)
    onnx.checker.check_model(onnx.load_from_string(model), full_check=True)
    x = np.random.default_rng(seed).standard_normal((rows, layers[0])).astype("f4")
    weights = {each.name: onnx.numpy_helper.to_array(each) for each in onnx.load_from_string(model).graph.initializer}
    expected = x
    for i in range(len(layers) - 1):
        assert weights[f"w{i}"].shape == (layers[i], layers[i + 1])
        expected = np.maximum(expected, 0) if i else expected
        expected = expected @ weights[f"w{i}"] + weights[f"b{i}"]
    got = onnxruntime.InferenceSession(model).run(["y"], {"x": x})[0]
    np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-3)


def test_medians_are_those_of_the_rounds():
    rounds = [Measured(1, 10, 100, 5), Measured(3, 30, 300, 15), Measured(2, 20, 200, 10)]
    assert over_rounds(rounds) == Measured(2, 20, 200, 10)
    assert over_rounds([Measured(1, 2, 3)]) == Measured(1, 2, 3, None)


@pytest.mark.parametrize(
    ("one", "four", "redis", "cores", "met"),
    [
        (Measured(40, 99, 1, 30), Measured(1, 1, 25_000, 1), Measured(27, 1, 1), 8, [True, True, True, True]),
        (Measured(41, 99, 1, 31), Measured(1, 1, 24_999, 1), Measured(27, 1, 1), 8, [False, False, False, False]),
        (Measured(40, 99, 1, 30), Measured(1, 1, 1, 40), None, 2, [True, True, None, True]),
        (Measured(40, 99, 1, 30), Measured(1, 1, 1, 41), None, 4, [True, True, None, False]),
        (Measured(40, 99, 1, 30), Measured(1, 1, 25_000, 41), None, 4, [True, True, None, True]),
    ],
)
def test_bars_are_met_at_their_edge_and_not_past_it(one, four, redis, cores, met):
    found = {SERVE: one, FOUR: four} | ({REDIS: redis} if redis else {})
    assert [row["met"] for row in bars(found, cores)] == met


def test_processor_time_is_that_of_all_that_was_started(tmp_path):
    spin = "import time\nwhile time.process_time() < 0.3: pass\n"
    code = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {spin + 'time.sleep(60)'!r}])\n"
    with Program("spinner", [sys.executable, "-c", code + spin + "time.sleep(60)"], tmp_path) as program:
        program.wait(lambda: program.cpu_seconds() >= 0.6, 60)
        before = program.cpu_seconds()
        time.sleep(0.2)
        assert program.cpu_seconds() - before < 0.1


def test_a_server_ends_with_the_benchmark_however_that_ends(tmp_path):
    code = (
        "import os, sys, pathlib\n"
        "from gymcc.benchmarks.serving.programs import Program, descendants\n"
        f"program = Program('sleeper', [sys.executable, '-c', 'import time; time.sleep(600)'], "
        f"pathlib.Path({str(tmp_path)!r}))\n"
        "program.wait(lambda: descendants(program._launcher.pid) != [], 60)\n"
        "print(*descendants(program._launcher.pid), flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    (pid,) = map(int, done.stdout.split())
    deadline = time.monotonic() + 30
    while os.path.exists(f"/proc/{pid}"):
        assert time.monotonic() < deadline, "the server outlives the benchmark"
        time.sleep(0.05)


def test_a_server_that_does_not_start_says_why(tmp_path):
    program = Program("broken", [sys.executable, "-c", "raise SystemExit('no such thing')"], tmp_path)
    with program, pytest.raises(ServerDied, match="broken ended before it was ready: no such thing"):
        program.wait(lambda: False, 60)
    assert descendants(program._launcher.pid) == []


def test_no_compiler_is_told_with_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match="install a C compiler"):
        Client(HEADER, tmp_path)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    if shutil.which("cc") is None:
        pytest.skip("no C compiler")
    return Client(HEADER, tmp_path_factory.mktemp("client"))


def test_the_client_measures_what_the_server_takes(client, tmp_path):
    """A server of known delay, and one that closes."""
    path, delay = tmp_path / "slow.sock", 0.02
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen()

    def serve():
        peer, _ = listening.accept()
        with peer:
            for _ in range(100):
                if not peer.recv(1 << 16):
                    return
                time.sleep(delay)
                peer.sendall(b"+OK\r\n$512\r\n" + bytes(512) + b"\r\n")

    thread = threading.Thread(target=serve)
    thread.start()
    found, sent = client.measure(Task(f"unix://{path}", "set-get-together"), 0.5)
    thread.join()
    assert found.p95_us >= found.p50_us >= delay * 1e6
    assert 1 <= found.requests_per_s * 0.5 < sent <= 0.6 / delay + 2
    listening.close()
    with pytest.raises(ToolError, match="nowhere: no address"):
        client.measure(Task("nowhere", "decide"), 0.1)


@pytest.mark.parametrize("kind", ["decide", "http"])
def test_refusals_are_failures_with_the_servers_words(client, tmp_path, kind):
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "s"))
    listening.listen()

    def refuse():
        peer, _ = listening.accept()
        with peer:
            peer.recv(1 << 16)
            peer.sendall(b"HTTP/1.1 404 None\r\n\r\n" if kind == "http" else b"+OK\r\n-ERR no\r\n-ERR no\r\n")
            peer.recv(1 << 16)

    thread = threading.Thread(target=refuse)
    thread.start()
    with pytest.raises(ToolError, match="404 None" if kind == "http" else "ERR no"):
        client.measure(Task(f"unix://{tmp_path}/s", kind), 0.1)
    thread.join()
    listening.close()


def test_a_short_run_has_every_part_or_says_what_is_missing(client, capsys):
    for name in ("onnxruntime", "hiredis", "uvloop"):
        pytest.importorskip(name)
    with pytest.raises(SystemExit) as ended:
        run(["bench", "serve", "--seconds", "0.2", "--no-ray", "--json"])
    assert ended.value.code == 0
    tables = json.loads(capsys.readouterr().out)
    told = {row["path"] for row in tables["paths"]} | {row["part"] for row in tables["left_out"]}
    assert {SERVE, FOUR, IN_PROCESS, "FastAPI and uvicorn", REDIS} <= told
    for row in tables["paths"]:
        assert 0 < row["p50_us"] <= row["p95_us"]
        assert row["requests_per_s"] > 0
        assert row["server_cpu_us"] > 0
    assert [row["batch_size"] for row in tables["batching"]] == [0, 1, 4, 16, 64] * 2
    assert len(tables["bars"]) == 4


def test_what_does_not_start_is_left_out_and_told(client, monkeypatch):
    pytest.importorskip("onnxruntime")
    monkeypatch.setattr(serving, "batching", lambda *_: [])
    monkeypatch.setattr(serving, "start_redis", _broken)
    monkeypatch.setattr(serving, "start_http", _broken)
    monkeypatch.setattr(serving, "start_ray", _broken)
    tables = serving.bench(SERVER, HEADER, 0.1)
    assert {row["part"]: row["why"] for row in tables["left_out"]}[RAY] == "not today"
    assert {row["part"] for row in tables["left_out"]} == {RAY, REDIS, "FastAPI and uvicorn"}
    assert {row["path"] for row in tables["paths"]} == {SERVE, FOUR, IN_PROCESS}
    assert tables["paths"][0]["p50_by_redis"] is None


def _broken(*_):
    raise ServerDied("first line\nnot today")


def test_a_socket_listens_once_somebody_accepts(tmp_path):
    path = tmp_path / "s"
    assert not listens(path)()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        assert listens(path)()
    assert not listens(path)()
