"""NITTA's server asks the scoring service, both as processes: ``gymcc nitta serve -s ml_NAME`` and ``ml-backend``."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("fastapi")

from gymcc.agents.nitta_value.guide import Guide, Outlook
from gymcc.agents.nitta_value.observe import remaining
from gymcc.envs.nitta import features
from gymcc.envs.nitta.backends.server import Connection
from gymcc.envs.nitta.frontend import compile_lua
from gymcc.envs.nitta.methods import synthesise
from gymcc.envs.nitta.server.scoring import URL_FILE, Service
from gymcc.envs.nitta.tree import Node, open_tree
from tests.nitta.recorded import DATA
from tests.nitta.value_models import write_linear

PATIENCE = 60.0
GYMCC = [sys.executable, "-m", "gymcc.scripts.main", "nitta"]
LUA = DATA / "programs" / "relay.lua"
WEIGHTS = {"tag_SingleBindView": 2.0, "tag_DataflowDecisionView": 1.5, "pWaitTime": -0.125}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Where both run, and where the service leaves its URL."""
    return tmp_path_factory.mktemp("nitta")


@pytest.fixture(scope="module")
def backend(folder) -> Iterator[subprocess.Popen]:
    write_linear(folder / "models" / "linear", WEIGHTS)
    command = [*GYMCC, "ml-backend", "--models", "models", "--program", str(LUA)]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().rstrip().endswith("linear, nitta-guide")
        yield process
        process.kill()


@pytest.fixture
def served(folder) -> Iterator:
    """Start a server that asks for scores; what is still there in the end is killed."""
    running: list[subprocess.Popen] = []

    def start(*arguments: str) -> tuple[Connection, subprocess.Popen]:
        command = [*GYMCC, "serve", "-p=0", *arguments, str(LUA)]
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        running.append(process)
        port = process.stdout.readline().rpartition(":")[2].strip()
        return Connection(f"http://127.0.0.1:{port}", PATIENCE), process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def root() -> Node:
    return open_tree(compile_lua(LUA.read_text(), "relay"))


def by_guide(node: Node) -> list[float]:
    """20 / (1 + growth), which is what NITTA adds 20 to get."""
    estimates = Outlook(Guide.load()).estimates(node)
    return [20 / (1 + max(0.0, (each - node.duration) / remaining(node))) for each in estimates]


def by_linear(node: Node) -> list[float]:
    views = [child.view() for child in node.children]
    rows = [features.row(view, views) for view in views]
    return [20 + sum(weight * row[name] for name, weight in WEIGHTS.items()) for row in rows]


@pytest.mark.parametrize(("model", "scores"), [("nitta-guide", by_guide), ("linear", by_linear)])
def test_scores_of_the_service_take_the_place_of_nittas(backend, served, model, scores):
    connection, _ = served("-s", f"ml_{model}")
    here = root()
    for sid in ("-", "-0", "-0-0"):
        node = here.at(sid)
        views = connection.get(f"/node/{sid}/subForest")
        assert np.allclose([view["score"] for view in views], scores(node), atol=1e-3)
        assert [view["scores"] for view in views] == [
            {"default": child.option.score, f"ml_{model}": view["score"]}
            for child, view in zip(node.children, views, strict=True)
        ]
        assert connection.get(f"/node/{views[-1]['sid']}") == views[-1]
    assert connection.get("/node/-")["scores"] == {"default": 0}
    expected = synthesise(here, "stateOfTheArt", scores=scores)
    assert expected.complete
    assert connection.post("/node/-/stateOfTheArtSynthesisIO") == expected.node.sid


def test_the_first_service_that_answers_counts_and_errors_are_told_and_ignored(backend, served):
    connection, process = served("-s=ml_nosuch", "-s", "ml_linear", "-s", "ml_nitta-guide")
    view = connection.get("/node/-/subForest")[0]
    assert set(view["scores"]) == {"default", "ml_linear", "ml_nitta-guide"}
    assert view["score"] == view["scores"]["ml_linear"]
    process.terminate()
    assert "no scores by ml_nosuch for -: status 404" in process.communicate()[1]


def test_without_a_service_nittas_own_scores_count(tmp_path):
    command = [*GYMCC, "serve", "-p=0", "-s", "ml_linear", str(LUA)]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    port = process.stdout.readline().rpartition(":")[2].strip()
    views = Connection(f"http://127.0.0.1:{port}", PATIENCE).get("/node/-/subForest")
    process.terminate()
    assert views == [child.view() for child in root().children]
    assert URL_FILE in process.communicate()[1]


@pytest.mark.parametrize("text", ["linear", "ml_", ""])
def test_a_score_that_is_none(text):
    with pytest.raises(ValueError, match="ml_NAME"):
        Service.parse(text)


def test_a_program_that_is_none_is_told_at_once(tmp_path):
    command = [*GYMCC, "ml-backend", "--program", "none.lua"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "none.lua" in done.stderr
