"""Experiments as SLURM jobs: SmartSim's documentation, servers on every node or one for all, and what fails."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytest.importorskip("hiredis")
pytest.importorskip("onnxruntime")

from gymcc.agents.launch.slurm import SlurmError
from gymcc.agents.serving import Client, ServingError
from gymcc.agents.serving.experiment import Experiment, ExperimentError, Model, Orchestrator
from tests.serving import document
from tests.serving.process import processes_in
from tests.slurm.two_nodes import cluster, slurm, until

__all__ = ["cluster"]  # pytest finds the fixture by its name here


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def python(exp: Experiment, name: str, text: str, **run_args: str | int) -> Model:
    """A program of an experiment."""
    path = exp.exp_path.parent / f"{exp.name}-{name}.py"
    path.write_text(textwrap.dedent(text))
    return exp.create_model(name, exp.create_run_settings("python", [str(path)], run_args))


def gymcc(*arguments: object) -> str:
    command = [sys.executable, "-m", "gymcc.scripts.main", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


def is_idle() -> bool:
    return slurm("squeue", "--noheader") == ""


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
    until(is_idle, lambda: slurm("squeue"))


HERE = """
    import os, socket
    from gymcc.agents.serving import Client
    import numpy as np
    node, rank = os.environ["SLURMD_NODENAME"], os.environ["SLURM_PROCID"]
"""


def test_a_server_on_every_node_of_a_program(cluster: Path) -> None:
    """Tasks of one node meet, those of two do not, and nobody else can connect."""
    exp = Experiment("beside", cluster / "beside", launcher="slurm")
    text = (
        HERE
        + """
    client = Client()
    client.put_tensor(f"{node}-{rank}", np.ones(1))
    assert client.poll_tensor(f"{node}-{int(rank) ^ 1}", 50, 1200), "the other task of this node"
    other = "n1" if node == "n0" else "n0"
    found = [client.tensor_exists(f"{other}-{rank}") for rank in range(4)]
    folder = os.path.dirname(os.environ["SSDB"].removeprefix("unix://"))
    print(node, rank, found, oct(os.stat(folder).st_mode & 0o777), folder, flush=True)
    """
    )
    model = python(exp, "tasks", text, **{"nodes": 2, "ntasks-per-node": 2, "overcommit": None})
    database = Orchestrator()
    exp.start(database, model)
    assert exp.get_status(database, model) == ["Running", "Completed"], model.err.read_text()
    exp.stop(database)
    assert exp.get_status(database) == ["Cancelled"]
    lines = sorted(line.rpartition(" ") for line in model.out.read_text().splitlines())
    nothing = "[False, False, False, False] 0o700"
    assert [line[0] for line in lines] == [f"n{rank // 2} {rank} {nothing}" for rank in range(4)]
    assert not any(Path(line[2]).exists() for line in lines), "servers and their sockets are gone"
    assert model.err.read_text() == ""


def test_one_server_for_programs_of_both_nodes(cluster: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """They meet under their prefixes with the experiment's password, and nobody gets in without it."""
    exp = Experiment("shared", cluster / "shared", launcher="slurm")
    database = Orchestrator(port=free_port(), run_args={"nodelist": "n0"})
    writer = python(
        exp,
        "writer",
        HERE
        + """
    Client().put_tensor("x", np.arange(3.0))
    print(node)
    """,
        nodelist="n0",
    )
    writer.enable_key_prefixing()
    reader = python(
        exp,
        "reader",
        HERE
        + """
    client = Client()
    assert client.poll_tensor("x", 100, 600)
    print(node, client.get_tensor("x"), open("given").read(), open("linked").read(), open("filled").read())
    raise SystemExit("no more")
    """,
        nodelist="n1",
    )
    reader.register_incoming_entity(writer)
    for name in ("given", "linked"):
        (cluster / name).write_text(name)
    (cluster / "filled").write_text("size ;size;")
    reader.params["size"] = 7
    reader.attach_generator_files(*(str(cluster / name) for name in ("given", "linked", "filled")))
    exp.start(database, writer, reader, summary=True)
    assert exp.get_status(database, writer, reader) == ["Running", "Completed", "Failed"], writer.err.read_text()
    assert (writer.out.read_text(), reader.out.read_text()) == ("n0\n", "n1 [0. 1. 2.] given linked size 7\n")
    assert (reader.folder / "linked").is_symlink()
    said = capfd.readouterr()
    address = re.search(r"server: (\S+:\d+)", said.out)
    assert re.search(rf"reader: Failed, exit status 1: no more \(see {reader.err}\)", said.err)
    with pytest.raises(ServingError, match=r"NOAUTH|password"), Client(address[1]) as client:
        client.tensor_exists("x")
    assert (exp.exp_path / "orchestrator/launch/job.sh").stat().st_mode & 0o777 == 0o600
    assert gymcc("logs", reader.folder) == reader.out.read_text()
    exp.stop(database)
    assert is_idle()
    assert exp.get_status(database) == ["Cancelled"]


def test_what_cannot_be_started(cluster: Path) -> None:
    """Nothing is left where something cannot be started."""
    exp = Experiment("wrong", cluster / "wrong", launcher="slurm")
    fine = python(exp, "fine", "import time; time.sleep(600)")
    lost = python(exp, "lost", "", partition="nowhere")
    with pytest.raises(SlurmError, match="invalid partition specified: nowhere"):
        exp.start(fine, lost)
    assert exp.get_status(fine, lost) == ["Cancelled", "New"]
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ExperimentError, match=f"port {port} on .*: Address already in use"):
            exp.start(Orchestrator(port=port))
    with pytest.raises(ExperimentError, match="'much' is no size"):
        exp.start(Orchestrator(port=free_port(), options=("--memory", "much")))
    beside = python(exp, "beside", "import time; time.sleep(600)")
    exp.start(Orchestrator(options=("--memory", "much")), beside)
    assert exp.get_status(beside) == ["Failed"]
    assert "the server ended before the program; it says: gymcc: 'much' is no size" in beside.err.read_text()
    assert is_idle()


def test_what_a_killed_experiment_leaves_can_be_cancelled(cluster: Path) -> None:
    folder = cluster / "killed"
    folder.mkdir()
    program = "import time; from gymcc.agents.serving import Client; Client(); print('here'); time.sleep(600)"
    driver = f"""
    from gymcc.agents.serving.experiment import Experiment, Orchestrator, RunSettings
    exp = Experiment("killed", launcher="slurm")
    model = exp.create_model("model", RunSettings("python", exe_args=["-u", "-c", {program!r}]))
    exp.start(Orchestrator(), model)
    """
    (folder / "driver.py").write_text(textwrap.dedent(driver))
    out = folder / "killed/model/model.out"
    with subprocess.Popen([sys.executable, "driver.py"], cwd=folder) as process:
        until(lambda: out.is_file() and "here" in out.read_text())
        process.send_signal(signal.SIGKILL)
    (row,) = json.loads(gymcc("jobs", folder / "killed", "--json"))
    assert row["state"] == "RUNNING"
    exp = Experiment("killed", folder / "killed", launcher="slurm")
    model = python(exp, "model", "")
    with pytest.raises(ExperimentError, match=f"runs already as job {row['job']}, .*gymcc cancel {model.folder}"):
        exp.start(model)
    assert gymcc("cancel", model.folder) == f"{model.folder}: ended\n"
    assert json.loads(gymcc("jobs", folder / "killed", "--json"))[0]["state"] == "CANCELLED"
    until(is_idle, lambda: slurm("squeue"))
    assert not list(Path("/tmp").glob(f"gymcc-{row['job']}-*"))
    assert not processes_in(folder)
