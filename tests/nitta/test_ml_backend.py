"""The scoring service keeps NITTA's contract: shapes, errors, the file with its URL."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("fastapi")
pytest.importorskip("onnxruntime")

import uvicorn

from gymcc.agents.serving.nitta_ml.app import build_app
from gymcc.agents.serving.nitta_ml.service import announced
from gymcc.agents.serving.nitta_ml.store import Store
from gymcc.agents.serving.nitta_ml.value_model import ModelError, ValueModel
from gymcc.envs.nitta import features
from gymcc.envs.nitta.server.scoring import URL_FILE
from tests.nitta.recorded import read_trace
from tests.nitta.value_models import write_linear

PATIENCE = 60.0
WEIGHTS = {"tag_SingleBindView": 2.0, "pAlternative": -0.5, "siblings_GroupBindView": 0.25}


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("models")
    write_linear(root / "linear", WEIGHTS, train_mae=0.12, validation_mae=0.178)
    write_linear(root / "plain-1.2", {"tag_BreakLoopView": 1.0})
    (root / "empty").mkdir()
    return root


@pytest.fixture(scope="module")
def service(models) -> Iterator[http.client.HTTPConnection]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(build_app(Store(models)), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    connection = http.client.HTTPConnection(*listener.getsockname(), timeout=PATIENCE)
    yield connection
    connection.close()
    server.should_exit = True
    thread.join()
    listener.close()


def ask(service: http.client.HTTPConnection, path: str, body: Any = None) -> tuple[int, Any]:
    text = body if body is None or isinstance(body, bytes) else json.dumps(body)
    headers = {"Content-Type": "application/json"}
    service.request("GET" if body is None else "POST", path, text, headers)
    response = service.getresponse()
    return response.status, json.loads(response.read())


def views(name: str, sid: str = "-") -> list[dict]:
    node = next(r for r in read_trace(name) if r["record"] == "node" and r["sid"] == sid)
    return [{"sid": f"{sid.rstrip('-')}-{child['index']}", **child} for child in node["children"]]


def expected(siblings: list[dict]) -> list[float]:
    rows = [features.row(view, siblings) for view in siblings]
    return [sum(weight * row.get(name, 0.0) for name, weight in WEIGHTS.items()) for row in rows]


def test_info(service):
    known = {"name": "linear", "trainMae": 0.12, "validationMae": 0.178}
    assert ask(service, "/models/linear") == (200, {"data": known})
    unmeasured = {"name": "plain-1.2", "trainMae": None, "validationMae": None}
    assert ask(service, "/models/plain-1.2") == (200, {"data": unmeasured})


@pytest.mark.parametrize("name", ["alphabeta", "kitchen", "relay"])
def test_scores_of_all_options(service, name):
    siblings = views(name)
    status, answer = ask(service, "/models/linear/score", {"inputs": [{"scoringTarget": "all", "nodes": siblings}]})
    assert status == 200
    assert list(answer) == ["data"]
    assert list(answer["data"]) == ["scores"]
    (scores,) = answer["data"]["scores"]
    assert np.allclose(scores, expected(siblings))


def test_a_target_is_scored_among_its_siblings(service):
    siblings = views("alphabeta")
    one = {"scoringTarget": siblings[3]["sid"], "nodes": siblings}
    two = {"scoringTarget": "all", "nodes": siblings[:2]}
    status, answer = ask(service, "/models/linear/score", {"inputs": [one, two]})
    assert status == 200
    assert [len(each) for each in answer["data"]["scores"]] == [1, 2]
    assert np.allclose(answer["data"]["scores"][0], expected(siblings)[3])
    assert np.allclose(answer["data"]["scores"][1], expected(siblings[:2]))


@pytest.mark.parametrize("name", ["none", "..", "%2e%2e", ".hidden", "a%2Fb"])
def test_an_unknown_model(service, name):
    for path, body in ((f"/models/{name}", None), (f"/models/{name}/score", {"inputs": []})):
        status, answer = ask(service, path, body)
        assert status == 404
        assert list(answer) == ["detail"]
    assert "Model none not found" in ask(service, "/models/none")[1]["detail"]


@pytest.mark.parametrize("asked", [{"scoringTarget": "-99"}, {"scoringTarget": "all", "nodes": []}])
def test_no_target(service, asked):
    body = {"inputs": [{"nodes": views("relay"), **asked}]}
    assert ask(service, "/models/linear/score", body) == (400, {"detail": "No target node(s) were found"})


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        {},
        {"inputs": [{"nodes": []}]},
        {"inputs": [{"scoringTarget": "all", "nodes": [{"sid": "-0"}]}]},
        {"inputs": [{"scoringTarget": "all", "nodes": [{"sid": "-0", "parameters": {}, "decision": {}}]}]},
    ],
)
def test_a_body_that_is_none(service, body):
    status, answer = ask(service, "/models/linear/score", body)
    assert (status, list(answer)) == (422, ["detail"])


def test_a_folder_without_a_model(service):
    status, answer = ask(service, "/models/empty")
    assert (status, "no model here" in answer["detail"]) == (422, True)


@pytest.mark.parametrize(
    ("card", "says"),
    [
        ("{", "JSON"),
        ("{}", "columns"),
        ('{"columns": ["pWaitTime"], "schema": 2}', "schema"),
        ('{"columns": ["pWaitTime", "pTeleport"]}', "pTeleport"),
        ('{"columns": ["pWaitTime", "pRestless"]}', "side-car says"),
    ],
)
def test_a_broken_model(tmp_path, card, says):
    folder = write_linear(tmp_path / "broken", {"pAlternative": 1.0})
    (folder / "value.json").write_text(card)
    with pytest.raises(ModelError, match=says):
        ValueModel.load(folder)


def test_a_network_that_is_none(tmp_path):
    folder = write_linear(tmp_path / "broken", {"pAlternative": 1.0})
    (folder / "value.onnx").write_bytes(b"not a network")
    with pytest.raises(ModelError, match="no ONNX network"):
        ValueModel.load(folder)


def test_the_url_is_there_and_gone_again_unless_it_is_anothers(tmp_path):
    path = tmp_path / URL_FILE
    path.write_text("http://stale")
    with announced("http://mine", path):
        assert path.read_text() == "http://mine"
        assert [each.name for each in tmp_path.iterdir()] == [URL_FILE]
    assert not path.exists()
    with announced("http://mine", path):
        path.write_text("http://another")
    assert path.read_text() == "http://another"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_until_it_is_told_to_end(models, tmp_path, how):
    command = [sys.executable, "-m", "gymcc.scripts.main", "nitta", "ml-backend", "--models", str(models)]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().startswith("Serving models for NITTA at http://127.0.0.1:")
        url = (tmp_path / URL_FILE).read_text()
        host, port = url.removeprefix("http://").split(":")
        assert host == "127.0.0.1"
        connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE)
        assert ask(connection, "/models/linear")[0] == 200
        connection.close()
        process.send_signal(how)
        deadline = time.monotonic() + PATIENCE
        while process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert process.returncode in (0, 130)
        assert "Traceback" not in process.stderr.read()
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_taken(models, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "gymcc.scripts.main", "nitta", "ml-backend", "--models", str(models)]
        done = subprocess.run([*command, "--port", port], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert f"port {port}" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(ValueError, match="no such folder"):
        Store(tmp_path / "none")
