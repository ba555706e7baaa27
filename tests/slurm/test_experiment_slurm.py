"""Experiments as SLURM jobs: SmartSim's documentation, servers on every node or one for all, and what fails."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("hiredis")
pytest.importorskip("onnxruntime")

from tests.serving import document
from tests.slurm.two_nodes import cluster, slurm, until

__all__ = ["cluster"]  # pytest finds the fixture by its name here


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def start(driver: str, folder: Path) -> subprocess.Popen[str]:
    """A script that starts an experiment on SLURM."""
    text = driver.replace('"local"', '"slurm"').replace("6780", str(free_port()))
    (folder / "driver.py").write_text(document.ours(text))
    return subprocess.Popen(
        [sys.executable, "driver.py"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_the_documents_examples(cluster: Path) -> None:
    pytest.importorskip("torch")
    inference, training = (cluster / name for name in ("inference", "training"))
    for folder in (inference, training):
        folder.mkdir()
    (inference / "inference.py").write_text(document.ours(document.PYTORCH))
    (training / "producer.py").write_text(document.ours(document.SIMULATION + document.PRODUCER))
    service = document.SOME_MODEL + document.GENERATOR + document.TRAINING
    (training / "training_service.py").write_text(document.ours(service))
    with start(document.INFERENCE_DRIVER, inference) as first, start(document.TRAINING_DRIVER, training) as second:
        for process, driver in ((first, "inference"), (second, "training")):
            said = process.communicate(timeout=240)
            assert process.returncode == 0, (driver, said)
            assert said[1] == "", driver
    out = inference / "inference-session/model_using_ml/model_using_ml.out"
    assert out.read_text().count("[-") == 20, "the logarithms of probabilities"
    last = (training / "online-training/training_service/training_service.out").read_text().splitlines()[-1]
    assert last.startswith("99 5 [ 1.9") or last.startswith("99 5 [ 2."), last
    until(lambda: slurm("squeue", "--noheader") == "", lambda: slurm("squeue"))
