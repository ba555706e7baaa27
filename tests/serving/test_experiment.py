"""Experiments on this machine: how programs meet, are watched and stopped, and what happens when parts fail."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

pytest.importorskip("hiredis")
pytest.importorskip("onnxruntime")

from gymcc.agents.launch.slurm import SlurmError
from gymcc.agents.launch.state import State
from gymcc.agents.serving.experiment import Experiment, ExperimentError, Orchestrator, RunSettings, cluster
from gymcc.agents.serving.experiment.batch import Script, text
from tests.serving.process import processes_in


def _program(folder: Path, text: str) -> RunSettings:
    path = folder / "program.py"
    path.write_text(textwrap.dedent(text))
    return RunSettings("python", exe_args=[str(path)])


def test_programs_read_what_others_write_under_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("SSKEYOUT", "another's")
    exp = Experiment("pair", tmp_path / "pair")
    database = Orchestrator()
    writer = exp.create_model(
        "writer",
        _program(
            tmp_path,
            """
            import numpy as np
            from gymcc.agents.serving import Client
            Client(cluster=False).put_tensor("x", np.arange(3.0))
            """,
        ),
    )
    writer.enable_key_prefixing()
    (tmp_path / "reader").mkdir()
    reader = exp.create_model(
        "reader",
        _program(
            tmp_path / "reader",
            """
            import os
            from gymcc.agents.serving import Client
            assert "SSKEYOUT" not in os.environ
            print(Client(cluster=False).get_tensor("x"))
            """,
        ),
    )
    reader.register_incoming_entity(writer)
    assert exp.get_status(writer, reader) == ["New", "New"]
    exp.start(database, writer)
    exp.start(reader)
    assert exp.get_status(writer, reader, database) == ["Completed", "Completed", "Running"], reader.err.read_text()
    assert reader.out.read_text() == "[0. 1. 2.]\n"
    exp.stop(database)
    assert exp.finished(database)
    assert not list((tmp_path / "tmp").iterdir()), "the socket's folder is gone"


def test_a_program_that_fails_is_told_with_its_last_words(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    exp = Experiment("failing", tmp_path / "failing")
    model = exp.create_model(
        "model", _program(tmp_path, "import sys; print('no such thing', file=sys.stderr); sys.exit(3)")
    )
    exp.start(model)
    assert exp.get_status(model) == ["Failed"]
    said = capfd.readouterr().err
    assert said == f"failing: model: Failed, exit status 3: no such thing (see {model.err})\n"
    killed = exp.create_model("killed", RunSettings("bash", ["-c", "kill -9 $$"]))
    exp.start(killed)
    assert "killed: Failed, signal 9" in capfd.readouterr().err


def test_a_program_can_be_stopped_and_started_again(tmp_path: Path) -> None:
    exp = Experiment("again", tmp_path / "again")
    model = exp.create_model("model", _program(tmp_path, "import time; time.sleep(60)"))
    exp.start(model, block=False)
    with pytest.raises(ExperimentError, match="runs already"):
        exp.start(model, block=False)
    exp.stop(model)
    assert exp.get_status(model) == ["Cancelled"]
    exp.start(model, block=False)
    assert exp.get_status(model) == ["Running"]
    exp.stop(model)


def test_a_taken_port_and_a_server_that_cannot_start_are_told(tmp_path: Path) -> None:
    exp = Experiment("taken", tmp_path / "taken")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ExperimentError, match=f"port {port} is taken"):
            exp.start(Orchestrator(port=port))
    with pytest.raises(ExperimentError, match="'much' is no size"):
        exp.start(Orchestrator(options=("--memory", "much")))


def test_names_launchers_programs_and_files_are_checked(tmp_path: Path) -> None:
    exp = Experiment("checked", tmp_path / "checked")
    with pytest.raises(ValueError, match="local, slurm"):
        Experiment("x", launcher="pbs")
    with pytest.raises(ValueError, match="no name"):
        Experiment("../x")
    model = exp.create_model("m", RunSettings("python"))
    with pytest.raises(ValueError, match="already"):
        exp.create_model("m", RunSettings("python"))
    with pytest.raises(ValueError, match="twice"):
        exp.start(model, model)
    with pytest.raises(ValueError, match="a model is named 'm', as the server is"):
        exp.start(Orchestrator(name="m"))
    with pytest.raises(ExperimentError, match="has a server already"):
        exp.start(Orchestrator(), Orchestrator(name="second"))
    with pytest.raises(ValueError, match="no such program"):
        exp.start(Orchestrator(), model, exp.create_model("n", RunSettings("no-such-program")))
    assert not exp.exp_path.exists(), "nothing was started"
    with pytest.raises(FileNotFoundError, match=r"nothing\.py"):
        exp.create_model("o", RunSettings("python")).attach_generator_files(to_copy="nothing.py")
    with pytest.raises(ValueError, match="not both"):
        Orchestrator(port=6780, unix_socket="/tmp/x")


def test_nothing_outlives_an_experiment_that_is_killed(tmp_path: Path) -> None:
    driver = tmp_path / "driver.py"
    driver.write_text(
        textwrap.dedent(
            """
            from gymcc.agents.serving.experiment import Experiment, Orchestrator, RunSettings
            exp = Experiment("killed")
            model = exp.create_model("model", RunSettings("sleep", exe_args="4711"))
            exp.start(Orchestrator(), model, block=False)
            print("started", flush=True)
            import time; time.sleep(60)
            """
        )
    )
    with subprocess.Popen([sys.executable, str(driver)], cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        process.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while left := processes_in(tmp_path):
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


def test_a_batch_script_quotes_what_it_is_given(tmp_path: Path) -> None:
    """Bash reads back what was meant: nothing in names or arguments is run."""
    command = [sys.executable, "-c", "import sys; print(sys.argv[1:]); sys.exit(3)", "a b", "$(touch hit)", "'"]
    (tmp_path / "launch").mkdir()
    script = text(Script("m", command, tmp_path), tmp_path, {"A": "$(touch hit)", "B": None}, {"time": "1:00"})
    assert "#SBATCH --time=1:00" in script
    run = 'srun() { shift; "$@"; }\n' + script
    done = subprocess.run(["bash", "-c", run], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (3, "['a b', '$(touch hit)', \"'\"]\n"), done.stderr
    assert json.loads((tmp_path / "launch/ended.json").read_text()) == {"status": 3}
    assert not (tmp_path / "hit").exists()
    for options in ({"time\nx": 1}, {"comment": "a b"}, {"time": "1\n#SBATCH --uid=0"}):
        with pytest.raises(ValueError, match="run_args"):
            text(Script("m", command, tmp_path), tmp_path, {}, options)
    with pytest.raises(ValueError, match="for SLURM, allowed"):
        text(Script("m", command, tmp_path), tmp_path / "%j", {}, {})


def test_files_are_copied_linked_and_filled_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exp = Experiment("files")
    model = exp.create_model("m", RunSettings("python"), params={"size": 7, "name": "x"})
    assert model.path == tmp_path, "without files it runs where it was made"
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/inner").write_text("inner")
    for name in ("copied", "linked"):
        (tmp_path / name).write_text(name)
    (tmp_path / "filled").write_text("size=;size; # ;name;-;name; a;b")
    model.attach_generator_files(to_copy=["copied", "folder"], to_symlink="linked", to_configure=["filled"])
    for _ in range(2):  # the second time over what the first left
        exp.generate(model)
        assert model.path == tmp_path / "files/m"
        assert (model.path / "copied").read_text() == "copied"
        assert (model.path / "folder/inner").read_text() == "inner"
        assert (model.path / "linked").readlink() == tmp_path / "linked"
        assert (model.path / "filled").read_text() == "size=7 # x-x a;b"
    (tmp_path / "unknown").write_text(";colour;")
    with pytest.raises(ValueError, match=r"unknown: ;colour; is not among the params of m; they are: size, name"):
        model.attach_generator_files(to_configure="unknown")
    with pytest.raises(ValueError, match="another file of that name"):
        model.attach_generator_files(to_copy="linked")


def test_without_slurm_nothing_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exp = Experiment("nowhere", tmp_path / "nowhere", launcher="slurm")
    model = exp.create_model("m", RunSettings("python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ExperimentError, match=r'no SLURM here: .* launcher="local"'):
        exp.start(Orchestrator(), model)
    assert not exp.exp_path.exists()


def test_slurms_words_in_smartsims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A controller that does not answer for a while ends nothing; what is over stays so without asking."""
    told: list[str | None] = []

    def state(folder: Path) -> State:
        word = told.pop(0)
        if word is None:
            raise SlurmError("squeue: no answer")
        return State("slurm", "1", word)

    monkeypatch.setattr(cluster, "state", state)
    for words, expected in (
        (
            ["PENDING", None, "RUNNING", None, "COMPLETING", "COMPLETED"],
            "Queued Queued Running Running Running Completed",
        ),
        (["CONFIGURING", "NODE_FAIL"], "Queued Failed"),
        (["RUNNING", "CANCELLED by 0"], "Running Cancelled"),
        (["TIMEOUT"], "Failed"),
        (["UNKNOWN"], "Failed"),
    ):
        program = cluster.ClusterProgram(tmp_path, "1")
        told[:] = words
        assert [program.status() for _ in words] == expected.split()
        assert program.status() == expected.split()[-1]
    assert program.why() == "unknown"
