"""Unmodified SmartSim 0.8.0 uploads training data to the orchestrator and learns from it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.serving.conformance.environment import program
from tests.serving.orchestrator import running

torch = pytest.importorskip("torch")
SIZE = 4


@pytest.fixture
def trained(smartredis, tmp_path):
    """A function that has two producers upload three batches each and reads them back with SmartSim's ``reader``."""

    def run(reader, **environ):
        with running(tmp_path) as server:
            common = {"SSDB": server.tcp, "SR_DB_TYPE": "Standalone"}
            for rank, name in enumerate(("left", "right")):
                program(smartredis, "training", "upload", str(rank), "3", SSKEYOUT=name, **common)
            environ |= common | {"SSKEYIN": "left,right"}
            program(smartredis, "training", reader, tmp_path / "read.json", **environ)
        return json.loads((tmp_path / "read.json").read_text())

    return run


def expected():
    samples = [[rank, batch, i] for rank in range(2) for batch in range(3) for i in range(SIZE)]
    return {"samples": samples, "targets": [(batch + i) % 5 for _, batch, i in samples], "num_classes": 5}


def test_what_producers_upload_a_consumer_downloads(trained):
    assert trained("download") == expected() | {"batches": None}


def test_what_producers_upload_torch_learns_from(trained):
    site = Path(torch.__file__).parents[1]
    found = trained("generate", GYMCC_TORCH=str(site))
    assert found.pop("batches") == [[[SIZE, 3], [SIZE]]] * 6
    assert found == expected()
