"""A server that we start: ready, restarted, replaced when it dies, and gone with us."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from gymcc.envs.core.toolchain import ToolDied, ToolMissing, ToolTimeout
from gymcc.envs.nitta.backends.server import NittaServer, ServerError, ServerGone, ServerSettings
from gymcc.envs.nitta.backends.server.process import OVERRIDE, default_command
from gymcc.envs.nitta.frontend import compile_lua
from gymcc.envs.nitta.program import Program
from tests.nitta.recorded import DATA
from tests.nitta.recorded_server import recorded_api, serving

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0


def program(name: str) -> Program:
    return compile_lua((DATA / "programs" / f"{name}.lua").read_text(), name)


def settings(name: str, *faults: str, **changes: object) -> ServerSettings:
    command = (sys.executable, "-m", "tests.nitta.recorded_server", name, *faults)
    return ServerSettings(**{"command": command, "folder": ROOT, "seconds": 20, "start_seconds": PATIENCE, **changes})


@pytest.fixture
def server() -> Iterator[NittaServer]:
    with NittaServer(program("swap2"), settings=settings("swap2", restart_every=3)) as server:
        yield server


def wait_until(what) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def group_of(url: str) -> int:
    """The process that listens at a URL."""
    port = f"{int(url.rpartition(':')[2]):04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    inode = next(row[9] for row in rows if row[1].endswith(f":{port}") and row[3] == "0A")
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if any(os.readlink(fd) == f"socket:[{inode}]" for fd in (folder / "fd").iterdir()):
                return int(folder.name)
        except OSError:
            continue
    raise AssertionError(f"nobody listens at {url}")


def gone(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_it_starts_is_reused_and_restarted(server):
    first = server.root()
    assert len(first.children) > 0
    pid = group_of(server.url)
    assert os.getpgid(pid) == pid != os.getpgid(0)
    assert server.root() is first
    assert server.root() is first
    assert server.starts == 1
    renewed = server.root()
    assert (server.starts, renewed is first) == (2, False)
    wait_until(lambda: gone(pid))
    assert [child.sid for child in first.children[0].children] == [child.sid for child in renewed.children[0].children]


def test_closing_ends_it(server):
    server.root()
    pid = group_of(server.url)
    server.close()
    wait_until(lambda: gone(pid))
    assert server.url == ""


def test_a_server_that_died_is_an_error_at_most_and_the_next_is_new(server):
    node = server.root()
    pid = group_of(server.url)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: gone(pid))
    with suppress(ServerGone):  # unless it is known by now
        _ = node.children
    assert node.children
    assert server.root().children
    assert server.starts == 2


def test_a_server_that_dies_over_a_request_is_not_taken_for_one_that_refuses_a_node(tmp_path):
    mortal = tmp_path / "mortal.py"
    mortal.write_text(
        "import os\n"
        "from gymcc.envs.nitta.server.api import Api\n"
        "from tests.nitta import recorded_server\n"
        "answer = Api.answer\n"
        "Api.answer = lambda self, method, path: os._exit(3) if path == '/node/-1' else answer(self, method, path)\n"
        "recorded_server.main()\n"
    )
    command = ("env", f"PYTHONPATH={ROOT}", sys.executable, str(mortal), "swap2")
    with NittaServer(program("swap2"), settings=settings("swap2", command=command)) as server:
        tree = server.root().tree
        assert tree.facts("-0").sid == "-0"
        with pytest.raises(ServerGone):
            tree.facts("-1")
        assert tree.facts("-0").sid == "-0"
        assert server.starts == 2


def test_a_copy_starts_its_own(server):
    server.root()
    with pickle.loads(pickle.dumps(server)) as other:
        other.root()
        assert other.url != server.url
    assert server.root().children


def test_nothing_is_left_after_kill_9(tmp_path):
    code = """
import sys, time
from tests.nitta.test_client_process import NittaServer, program, settings
server = NittaServer(program("swap2"), settings=settings("swap2"))
server.root()
print(server.url, flush=True)
time.sleep(600)
"""
    client = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    url = client.stdout.readline().strip()
    pid = group_of(url)
    client.kill()
    client.wait()
    client.stdout.close()
    wait_until(lambda: gone(pid))


def test_much_talk_does_not_stop_it(tmp_path):
    talker = tmp_path / "talker.py"
    talker.write_text(
        "from gymcc.envs.nitta.server.http import Handler\n"
        "from tests.nitta import recorded_server\n"
        "Handler.log_message = lambda *_: print('x' * 20_000, flush=True)\n"
        "recorded_server.main()\n"
    )
    command = ("env", f"PYTHONPATH={ROOT}", sys.executable, str(talker), "swap2")
    with NittaServer(program("swap2"), settings=settings("swap2", command=command)) as server:
        root = server.root()
        for _ in range(20):  # a pipe holds 64 KiB
            assert root.tree.facts("-0").sid == "-0"


def test_another_program():
    with (
        NittaServer(program("fir3"), settings=settings("swap2")) as server,
        pytest.raises(ServerError, match="another program than fir3"),
    ):
        server.root()


def test_a_url():
    with serving(recorded_api("swap2")) as running:
        server = NittaServer(program("swap2"), settings=ServerSettings(url=running.url, restart_every=1))
        assert server.root().children
        assert server.root().children
        assert server.starts == 0
        server.close()
    with pytest.raises(ServerGone, match=running.url):
        server.root()


@pytest.mark.parametrize(
    ("command", "error", "says"),
    [
        (("no-such-nitta",), ToolMissing, "NITTA_RUN_COMMAND_OVERRIDE"),
        (("/bin/sh", "-c", "echo the PORT file is missing; exit 3"), ToolDied, "status 3.*PORT file"),
        (("/bin/sh", "-c", "exec sleep 600"), ToolTimeout, r"did not say that it listens within 0\.5 s"),
        (
            ("/bin/sh", "-c", "echo Running NITTA server at http://localhost:1; exec sleep 600"),
            ToolTimeout,
            r"did not answer within 0\.5 s",
        ),
    ],
)
def test_a_server_that_does_not_start(command, error, says):
    patience = 0.5 if error is ToolTimeout else PATIENCE
    server = NittaServer(program("swap2"), settings=settings("", command=command, start_seconds=patience))
    with pytest.raises(error, match=says):
        server.root()
    assert server.url == ""


def test_the_command_is_taken_from_the_environment(monkeypatch):
    monkeypatch.delenv(OVERRIDE, raising=False)
    assert default_command() == ("stack", "exec", "nitta", "--")
    monkeypatch.setenv(OVERRIDE, "docker run 'my image'")
    assert default_command() == ("docker", "run", "my image")


@pytest.mark.parametrize("change", [{"seconds": 0}, {"start_seconds": -1}, {"restart_every": -1}, {"url": "nitta"}])
def test_bad_settings(change):
    with pytest.raises(ValueError, match=r"seconds|restart_every|http://HOST:PORT"):
        ServerSettings(**change)


def test_a_program_without_source():
    with pytest.raises(ValueError, match="no Lua source"):
        NittaServer(Program("mine", ()))
