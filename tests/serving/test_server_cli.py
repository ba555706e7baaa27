"""`gymcc serve`, `gymcc publish` and `gymcc models`, as a user calls them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest

from gymcc.agents.policy import Policy, shipped
from gymcc.agents.serving import Client, served_policy
from gymcc.agents.serving.publish import PublishError, publish
from gymcc.scripts import doctor
from tests.serving.orchestrator import running
from tests.serving.wire import Wire

pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A server as the command line starts it, on a port of the system's choice and a unix socket."""
    path = tmp_path_factory.mktemp("cli") / "s"
    command = [sys.executable, "-m", "gymcc.scripts.main", "serve", "--unix", str(path), "--port", "0"]
    process = subprocess.Popen(
        [*command, "--backends", "onnx"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        line = process.stdout.readline().split()
        assert line[:2] == ["ready", f"unix://{path}"]
        yield line[1:]
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert not path.exists()
    finally:
        process.kill()
        process.communicate()


def test_it_listens_on_this_machine_and_is_bounded(served):
    tcp = served[1]
    assert tcp.startswith("127.0.0.1:")
    with Wire(tcp) as wire:
        assert wire("PING") == b"PONG"
        bound = int(wire("CONFIG", "GET", "maxmemory")[1])
        assert bound == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
        assert "unsupported backend" in wire.error("AI.MODELSTORE", "m", "TORCH", "CPU", "BLOB", "x")


def test_policies_are_published_listed_and_asked(served, gymcc, monkeypatch):
    unix, tcp = served
    for expected in ("loop:1", "loop:2"):
        said = gymcc("publish", "looptune-mm-dqn", "--as", "loop", "--server", unix)
        assert said == f"published {expected}; loop stands for it\n"
    monkeypatch.setenv("SSDB", tcp)
    assert gymcc("publish", "jitcse-ppo", "--as", "cse:first", "--no-alias") == "published cse:first\n"
    rows = {row["model"]: row for row in json.loads(gymcc("models", "--json"))}
    assert {key: row["alias"] for key, row in rows.items()} == {"cse:first": None, "loop:1": None, "loop:2": "loop"}
    assert rows["loop:2"]["env"] == "looptune-mm-v0"
    assert "cse:first" in gymcc("models", "--server", unix)
    policy = Policy.load("looptune-mm-dqn")
    with Client(unix) as client:
        remote = served_policy(client, "loop")
        observations = np.random.default_rng(0).random((5, policy.card.observation_size), np.float32)
        masks = np.ones((5, len(policy.card.actions)), np.int8)
        np.testing.assert_allclose(remote.scores(observations, masks), policy.scores(observations, masks), atol=1e-5)


def test_a_version_never_changes(tmp_path):
    with running(tmp_path) as server, Client(server.unix) as client:
        assert publish(client, "jitcse-ppo", "p:3") == publish(client, "jitcse-ppo", "p:3") == "p:3"
        with pytest.raises(PublishError, match="versions do not change"):
            publish(client, "jitcse-cloning", "p:3")
        assert publish(client, "jitcse-cloning", "p") == "p:4"
        assert publish(client, "jitcse-ppo", "p:2", alias=False) == "p:2"
        assert {model.key: model.aliases for model in client.get_models()} == {"p:2": (), "p:3": (), "p:4": ("p",)}
        for name in ("", ":1", "p:", "p:1:2", "a b", "-p", "p:/"):
            with pytest.raises(PublishError, match="expected NAME"):
                publish(client, "jitcse-ppo", name)


def test_a_policy_that_decides_otherwise_on_the_server_is_taken_back(tmp_path, monkeypatch):
    """The alias stays with the version before."""
    with running(tmp_path) as server, Client(server.unix) as client:
        publish(client, "jitcse-ppo", "p")
        other = shipped()["jitcse-cloning"].read_bytes()
        store = client.set_model
        monkeypatch.setattr(
            client, "set_model", lambda key, network, *rest, **options: store(key, other, *rest, **options)
        )
        with pytest.raises(PublishError, match="scores differ"):
            publish(client, "jitcse-ppo", "p")
        assert [(model.key, model.aliases) for model in client.get_models()] == [("p:1", ("p",))]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("serve", "--host", "0.0.0.0"), "--insecure"),
        (("serve", "--memory", "lots"), "no size"),
        (("serve", "--max-request", "1kb"), "max request is 1024; allowed are 1048576 and more"),
        (("serve", "--threads", "0"), "threads is 0"),
        (("serve", "--backends", "ONNX,MXNET"), "unknown back ends MXNET; allowed are ONNX, TORCH, TF"),
        (("serve", "--save-every", "5"), "give a snapshot file"),
        (("serve", "--port", "0", "--backends", "onnx", "--snapshot", "/nowhere/x"), "/nowhere/x: a snapshot needs a"),
        (("serve", "--port", "99999"), "port 99999 is none; allowed are 0"),
        (("publish", "nothing-here", "--as", "p", "--server", "127.0.0.1:1"), "127.0.0.1:1"),
        (("models", "--server", "nowhere"), "no address"),
    ],
)
def test_what_cannot_be_is_one_line(arguments, text, gymcc, monkeypatch):
    monkeypatch.setenv("SR_CONN_TIMEOUT", "1")
    said = gymcc(*arguments)
    assert said.count("\n") == 1
    assert text in said


def test_a_socket_that_is_in_use_is_not_taken_away(served, gymcc, tmp_path):
    unix, tcp = served
    path = unix.removeprefix("unix://")
    assert f"another server listens on {path}" in gymcc("serve", "--unix", path, "--backends", "ONNX")
    port = tcp.split(":")[1]
    assert "Address already in use" in gymcc("serve", "--port", port, "--backends", "ONNX")
    (tmp_path / "file").write_text("precious")
    assert "is no socket" in gymcc("serve", "--unix", str(tmp_path / "file"), "--backends", "ONNX")
    assert (tmp_path / "file").read_text() == "precious"
    with Wire(unix) as wire:
        assert wire("PING") == b"PONG"


def test_the_doctor_says_what_serving_lacks_and_what_to_install(monkeypatch):
    def version(name: str) -> str:
        if name in ("hiredis", "uvloop", "redis"):
            raise PackageNotFoundError(name)
        return "1"

    monkeypatch.setattr(doctor, "version", version)
    rows = {name: doctor._package(name, extra) for extra, names in doctor.EXTRAS.items() for name in names}
    missing = {name: row["advice"] for name, row in rows.items() if not row["ok"]}
    assert missing == dict.fromkeys(("hiredis", "uvloop", "redis"), "pip install 'gymcc[serve]'")
    assert rows["onnxruntime"]["ok"]
