"""Unmodified SmartSim 0.8.0 uploads training data to the orchestrator and learns from it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.serving.conformance.environment import program
from tests.serving.orchestrator import running

torch = pytest.importorskip("torch")
SIZE = 4


@pytest.fixture(scope="module")
def read(smartredis, tmp_path_factory):
    """A function that reads with SmartSim's ``reader`` what two producers have uploaded, three batches each."""
    folder = tmp_path_factory.mktemp("smartsim")
    with running(folder) as server:
        common = {"SSDB": server.tcp, "SR_DB_TYPE": "Standalone"}
        for rank, name in enumerate(("left", "right")):
            program(smartredis, "training", "upload", str(rank), "3", SSKEYOUT=name, **common)

        def run(reader, **environ):
            environ |= common | {"SSKEYIN": "left,right"}
            program(smartredis, "training", reader, folder / "read.json", **environ)
            return json.loads((folder / "read.json").read_text())

        yield run


def expected():
    samples = [[rank, batch, i] for rank in range(2) for batch in range(3) for i in range(SIZE)]
    return {"samples": samples, "targets": [(batch + i) % 5 for _, batch, i in samples], "num_classes": 5}


def test_what_producers_upload_a_consumer_downloads(read):
    assert read("download") == expected() | {"batches": None}


def test_what_producers_upload_torch_learns_from(read):
    site = Path(torch.__file__).parents[1]
    found = read("generate", GYMCC_TORCH=str(site))
    assert found.pop("batches") == [[[SIZE, 3], [SIZE]]] * 6
    assert found == expected()
