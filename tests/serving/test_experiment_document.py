"""SmartSim's documentation, run on this machine with nothing changed but its imports, its port and its typos."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("hiredis")
pytest.importorskip("onnxruntime")

from gymcc.agents.serving import Client
from gymcc.agents.serving.online import DataInfo, GrowingData
from gymcc.agents.serving.online.keras import DataGenerator
from tests.serving import document


def run(driver: str, folder: Path, **scripts: str) -> None:
    """Run a driver with the scripts that it starts."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    for name, text in {"driver": driver.replace("6780", str(port)), **scripts}.items():
        (folder / f"{name}.py").write_text(document.ours(text))
    environ = {**os.environ, "OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, "driver.py"], cwd=folder, env=environ, capture_output=True, text=True, timeout=240
    )
    assert (done.returncode, done.stderr) == (0, "")
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0, "the server is gone"


def printed(folder: Path) -> str:
    """What the example's program printed."""
    return (folder / "inference-session/model_using_ml/model_using_ml.out").read_text()


def test_the_first_inference_session_with_pytorch(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    run(document.INFERENCE_DRIVER, tmp_path, inference=document.PYTORCH)
    numbers = [float(text) for text in re.findall(r"-?\d+\.\d+(?:e-\d+)?", printed(tmp_path))]
    assert len(numbers) == 20 * 10
    assert all(-8 < number < 0 for number in numbers), "logarithms of probabilities"


def test_models_of_scikit_learn(tmp_path: Path) -> None:
    pytest.importorskip("skl2onnx")
    text = document.SKLEARN_IMPORTS + document.KMEANS + document.RANDOM_FOREST
    run(document.INFERENCE_DRIVER, tmp_path, inference=text)
    labels, forest = printed(tmp_path).splitlines()
    assert re.fullmatch(r"(\d)(\1){3,5}(?!\1)(\d)(\3){3,5}", re.sub(r"\D", "", labels)), (
        "ten points in a row, cut near the middle"
    )
    assert 1.9 <= float(forest.strip("[]")) <= 2.0, "an iris virginica, but for the odd tree"


def test_a_keras_model(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    run(document.INFERENCE_DRIVER, tmp_path, inference=document.KERAS)
    numbers = [float(text) for text in re.findall(r"\d+\.\d+(?:e-\d+)?", printed(tmp_path))]
    assert len(numbers) == 10
    assert sum(numbers) == pytest.approx(1, abs=1e-5)


def test_online_training(tmp_path: Path) -> None:
    service = document.SOME_MODEL + document.GENERATOR + document.TRAINING
    producer = document.SIMULATION + document.PRODUCER
    run(document.TRAINING_DRIVER, tmp_path, producer=producer, training_service=service)
    last = (tmp_path / "online-training/training_service/training_service.out").read_text().splitlines()[-1]
    epoch, batches, *weights = re.findall(r"[-\d.]+", last)
    assert (epoch, batches) == ("99", "5"), "all that the producer uploaded"
    assert [float(weight) for weight in weights] == pytest.approx([2, -1], abs=0.1)


def test_the_generator_of_eight_ranks(orchestrator, monkeypatch) -> None:
    monkeypatch.setenv("SSDB", orchestrator.unix)
    with Client() as client:
        for rank, iteration in product(range(8), range(2)):
            client.put_tensor(f"points_{iteration}_{rank}", np.full((32, 1), 10 * iteration + rank))
            client.put_tensor(f"values_{iteration}_{rank}", np.zeros(32))
        known = {"DataGenerator": DataGenerator}
        exec(document.ours(document.GENERATOR_OF_RANKS), known)
        rows = known["generator"].generator.arrays()[0][::32, 0].tolist()
        assert rows == [10 * iteration + rank for rank, iteration in product(range(8), range(2))]

        client.put_tensor("ranked_7_0", np.ones((2, 1)))  # as the text has it
        client.put_tensor("ranked_7_1", np.ones((2, 1)))
        info = DataInfo("", "ranked", "")
        ranked = GrowingData(data_info=info, sub_indices=[7], rank_first=True, client=client, wait_interval=0.1)
        assert ranked.num_samples == 4


def test_online_training_of_a_keras_model(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    service = document.KERAS_MODEL + document.GENERATOR + document.TRAINING + "print(model.get_weights())"
    producer = document.SIMULATION + document.PRODUCER
    run(document.TRAINING_DRIVER, tmp_path, producer=producer, training_service=service)
    last = (tmp_path / "online-training/training_service/training_service.out").read_text()
    weights = re.findall(r"-?\d+\.\d*", last.rpartition("array")[2])
    assert [float(weight) for weight in weights] == pytest.approx([2, -1], abs=0.1)
