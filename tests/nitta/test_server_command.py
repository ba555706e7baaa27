"""`gymcc nitta serve`: NITTA's command line, one line that says it runs, and an end with SIGTERM or its parent."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from gymcc.envs.nitta.backends.server import Connection, NittaServer, RemoteTree, ServerError, ServerSettings
from gymcc.envs.nitta.backends.server.process import OVERRIDE
from gymcc.envs.nitta.frontend import compile_lua
from gymcc.envs.nitta.microarchitecture import Microarchitecture, UnitSpec, UnitType
from gymcc.envs.nitta.numbers import NumberType
from gymcc.envs.nitta.toml import dump_microarchitecture
from gymcc.envs.nitta.tree import open_tree
from tests.nitta.recorded import DATA

PATIENCE = 60.0
COMMAND = [sys.executable, "-m", "gymcc.scripts.main", "nitta", "serve"]
READY = re.compile(r"Running NITTA server at http://localhost:(\d+)\n")


def lua(name: str) -> Path:
    return DATA / "programs" / f"{name}.lua"


def wait_until(what) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def listens(url: str) -> bool:
    try:
        Connection(url, PATIENCE).get("/node/-")
    except ServerError:  # it may end while it answers
        return False
    return True


@pytest.fixture
def settings(monkeypatch) -> ServerSettings:
    """The client finds the command where NITTA's own client would."""
    monkeypatch.setenv(OVERRIDE, shlex.join(COMMAND))
    return ServerSettings(start_seconds=PATIENCE)


@pytest.fixture
def started() -> Iterator:
    """Start the command; what is still there in the end is killed."""
    running: list[subprocess.Popen] = []

    def start(*arguments: str) -> tuple[subprocess.Popen, str]:
        process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True)
        running.append(process)
        match = READY.fullmatch(process.stdout.readline())
        assert match
        return process, f"http://127.0.0.1:{match[1]}"

    yield start
    for process in running:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_drop_in_for_nittas_command(started):
    process, url = started("-p=0", "--method=NoSynthesis", str(lua("swap2")))
    with socket.create_server(("127.0.0.1", 0)) as free:
        assert free.getsockname()[1] != int(url.rpartition(":")[2])
    tree = RemoteTree(Connection(url, PATIENCE))
    assert len(tree.root.children) == len(open_tree(compile_lua(lua("swap2").read_text())).children)
    process.terminate()
    process.wait(PATIENCE)
    assert not listens(url)


def test_options(started, tmp_path):
    file = tmp_path / "small.toml"
    file.write_text(dump_microarchitecture(small(), NumberType(24, 32)))
    _, url = started("--port", "0", "--uarch", str(file), "-m", "bestThread", str(lua("swap2")))
    connection = Connection(url, PATIENCE)
    network = connection.get("/node/-/microarchitecture")["networks"][0]
    assert network["valueType"] == "Attr (FX 24 32)"
    assert [unit["unitTag"] for unit in network["units"]] == ["accum", "cells", "more"]
    assert connection.get("/treeInfo")["nodesSuccess"] == 1
    _, url = started(f"--uarch={file}", "-t=fx16.16", str(lua("swap2")))
    network = Connection(url, PATIENCE).get("/node/-/microarchitecture")["networks"][0]
    assert network["valueType"] == "Attr (FX 16 16)"


def small() -> Microarchitecture:
    """One accumulator, and two memories: a loop value cannot go from a memory to itself."""
    memories = (UnitSpec("cells", UnitType.FRAM, size=8), UnitSpec("more", UnitType.FRAM, size=4))
    return Microarchitecture((UnitSpec("accum", UnitType.ACCUM), *memories))


def test_it_ends_with_its_parent():
    code = f"""
import subprocess, time
process = subprocess.Popen({[*COMMAND, str(lua("swap2"))]!r}, stdout=subprocess.PIPE, text=True)
print(process.stdout.readline(), process.pid, flush=True)
time.sleep(600)
"""
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    port = READY.fullmatch(parent.stdout.readline())[1]
    assert listens(f"http://127.0.0.1:{port}")
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    wait_until(lambda: not listens(f"http://127.0.0.1:{port}"))


def test_every_remote_node_is_the_embedded_one(settings):
    """Random descents in both trees side by side."""
    program = compile_lua(lua("twoch").read_text(), "twoch")
    with NittaServer(program, settings=settings) as server:
        for seed in range(2):
            random, here, there = Random(seed), open_tree(program), server.root()
            while not here.is_leaf:
                assert [child.view() for child in there.children] == [child.view() for child in here.children]
                index = random.randrange(len(here.children))
                here, there = here.children[index], there.children[index]
            assert (there.is_leaf, there.duration, there.unit_count) == (True, here.duration, here.unit_count)
        assert server.starts == 1


def test_microarchitecture_and_type_reach_the_server(settings):
    program = compile_lua(lua("swap2").read_text(), "swap2", NumberType(24, 32))
    with NittaServer(program, small(), settings) as server:
        assert server.root().unit_count == 3
        here = open_tree(program, small())
        assert [child.view() for child in server.root().children] == [child.view() for child in here.children]
        network = server.get("/node/-/microarchitecture")["networks"][0]
        assert network["valueType"] == "Attr (FX 24 32)"


def test_a_faulty_server():
    command = (*COMMAND, "--fault", "close:0.2")
    program = compile_lua(lua("swap2").read_text(), "swap2")
    with NittaServer(program, settings=ServerSettings(command=command, start_seconds=PATIENCE)) as server:
        children = server.root().children
        assert len(children) == len(open_tree(program).children)
        assert any(not child.crashed for child in children)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nosuch.lua"], "nosuch.lua"),
        ([str(lua("swap2")), "--port", "x"], "port 'x'"),
        ([str(lua("swap2")), "-p=70000"], "65535"),
        ([str(lua("swap2")), "-t", "float"], "fxM.B"),
        ([str(lua("swap2")), "--method", "magic"], "stateOfTheArt"),
        ([str(lua("swap2")), "--fault", "fire"], "malformed"),
        ([str(lua("swap2")), "--uarch", "none.toml"], "none.toml"),
        ([__file__], f"{__file__}: line "),
    ],
)
def test_bad_input_is_one_line(arguments, says):
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=PATIENCE, env=os.environ)
    assert done.returncode == 2
    assert done.stderr.startswith("gymcc: ")
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
