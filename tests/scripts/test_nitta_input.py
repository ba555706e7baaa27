"""NITTA's part of the command line: what it says of programs, files and servers that are not as they should be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gymcc.envs.nitta.microarchitecture import DEFAULT, Microarchitecture, UnitType
from gymcc.envs.nitta.toml import dump_microarchitecture
from tests.nitta.test_problem import RELAYS

ENV = "nitta-synthesis-v0"
LUA = {
    "while": "function f(a)\n    while a do send(a) end\n    f(a)\nend\nf(1)\n",
    "table": "function f(a)\n    x = {1}\n    f(a)\nend\nf(1)\n",
    "unequal": "function f(a)\n    send(a ~= 1)\n    f(a)\nend\nf(1)\n",
    "arguments": "function f(a)\n    f(a, 1)\nend\nf(1)\n",
    "unknown": "function f(a)\n    send(b)\n    f(a)\nend\nf(1)\n",
    "empty": "",
}
TOML = {
    "torn": 'type = "fx32.32"\n[[networks]\n',
    "unit": 'type = "fx32.32"\nioSync = "Sync"\n[[networks]]\nname = "n"\n[[networks.pus]]\ntype = "Ram"\nname = "a"\n',
    "number": 'type = "fx32"\nioSync = "Sync"\n[[networks]]\nname = "n"\n',
}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name, text in LUA.items():
        (tmp_path / f"{name}.lua").write_text(text)
    for name, text in TOML.items():
        (tmp_path / f"{name}.toml").write_text(text)
    (tmp_path / "relays.lua").write_text(RELAYS)
    (tmp_path / "bytes.lua").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "good.lua").write_text("function f(a)\n    send(a)\n    f(a + 1)\nend\nf(1)\n")
    return tmp_path


@pytest.mark.parametrize(
    ("program", "says"),
    [
        ("while", "line 2, column 5: 'while' is not supported; statements are"),
        ("table", "line 2, column 9: '{' is not supported; values are numbers"),
        ("unequal", "line 2"),
        ("arguments", "line 2, column 5: 'f' takes 1 argument(s), 2 given"),
        ("unknown", "line 2, column 10: "),
        ("empty", "line 1, column 1: expected 'function'"),
        ("bytes", "bytes.lua"),
        ("missing", "missing.lua"),
    ],
)
def test_a_program_that_is_none(gymcc, files, program, says):
    path = str(files / f"{program}.lua")
    for command in (
        ("info", ENV, "--dataset", path),
        ("search", ENV, "--dataset", path),
        ("search", "nitta", "--program", path, "--method", "stateOfTheArt", "--json"),
        ("nitta", "serve", path),
        ("nitta", "crawl", str(files / "out"), "--program", path),
    ):
        status, out, err = gymcc(*command)
        assert (status, out) == (2, "")
        assert says in err
        assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("uarch", "says"), [("torn", "not TOML"), ("unit", "'Ram'"), ("number", "fxM.B"), ("no", "no.toml")]
)
def test_a_microarchitecture_that_is_none(gymcc, files, uarch, says):
    path, program = str(files / f"{uarch}.toml"), str(files / "good.lua")
    for command in (
        ("info", ENV, "-o", f"microarchitecture={path}"),
        ("search", "nitta", "--program", program, "--microarchitecture", path),
        ("nitta", "serve", "--uarch", path, program),
        ("nitta", "crawl", str(files / "out"), "--program", program, "--microarchitecture", path),
    ):
        status, out, err = gymcc(*command)
        assert (status, out) == (2, "")
        assert f"{uarch}.toml: " in err
        assert says in err
        assert err.count("\n") == 1


def test_programs_that_cannot_be_scheduled(gymcc, files):
    path, out = str(files / "relays.lua"), str(files / "out")
    reason = "7 receives do not fit: the SPI units have places for 6 in a cycle"
    for command in (
        ("search", ENV, "--dataset", path, "--instance", "own/relays", "--evaluations", "5"),
        (
            "compare",
            ENV,
            "--dataset",
            path,
            "--instance",
            "own/relays",
            "--evaluations",
            "5",
            "--out",
            out,
        ),
        ("search", "nitta", "--program", path, "--method", "stateOfTheArt,bestThread"),
    ):
        status, _, err = gymcc(*command)
        assert status == 0
        assert reason in err
    for command in (
        ("info", ENV, "--dataset", path, "--instance", "own/relays"),
        ("play", ENV, "-o", f"dataset={path}", "--actions", "option_1"),
    ):
        assert reason in gymcc(*command)[1]
    status, _, err = gymcc("play", ENV, "-o", f"dataset={path}", "--actions", "option_0")
    assert status == 2
    assert err.startswith("gymcc: NITTA cannot evaluate this option: spi cannot take receive() = _6#tmp")
    (row,) = json.loads(gymcc("search", "nitta", "--program", path, "--method", "stateOfTheArt", "--json")[1])
    assert (row["sid"], row["complete"], row["ended"]) == ("-", False, "crash")


def test_a_unit_that_is_missing(gymcc, files):
    small = Microarchitecture(tuple(unit for unit in DEFAULT.units if unit.type is not UnitType.DIVIDER))
    path = files / "small.toml"
    path.write_text(dump_microarchitecture(small))
    status, _, err = gymcc(
        "search", ENV, "-o", f"microarchitecture={path}", "--instance", "tiny/gcd", "--evaluations", "9"
    )
    assert status == 0
    assert "no unit computes b^0#0 / a^0#0" in err
    assert "takes a unit of type Divider" in err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("group_binds=some",), "nitta, obvious, off"),
        (("max_options=65",), "32, 64, 128"),
        (("number_type=fx99.4",), "fxM.B"),
        (("backend=cloud",), "embedded, server"),
        (("url=http://localhost:1",), "url: for backend=server"),
        (("backend=server", "url=here"), "http://HOST:PORT"),
        (("backend=server", "url=http://127.0.0.1:1"), "nobody listens there"),
        (("backend=server", "command=no-such-nitta"), "no-such-nitta"),
        (("backend=server", "command=false"), "command is text or words, got False"),
        (("backend=server", "command=env false", "start_seconds=30"), "ended"),
        (
            ("backend=server", "command=sh -c 'exec sleep 60'", "start_seconds=0.5"),
            "not say that it listens within 0.5 s",
        ),
    ],
)
def test_options_of_the_environment(gymcc, options, says):
    pairs = [word for option in options for word in ("-o", option)]
    status, out, err = gymcc("search", ENV, *pairs, "--instance", "tiny/gcd", "--evaluations", "5")
    assert (status, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1


def test_a_newer_server_is_searched_after_one_warning(files):
    """As people run it: in a process of its own, which a warning must not end."""
    newer = files / "newer.py"
    newer.write_text(
        "import sys\n"
        "from gymcc.envs.nitta import views\n"
        "whole = views.decision\n"
        "def renamed(option, state):\n"
        "    view = whole(option, state)\n"
        "    return view | {'tag': 'CutLoopView'} if view['tag'] == 'BreakLoopView' else view\n"
        "views.decision = renamed\n"
        "from gymcc.scripts.main import run\n"
        "run(['nitta', 'serve', *sys.argv[1:]])\n"
    )
    words = ["-o", "backend=server", "-o", f"command={sys.executable} {newer}", "--instance", "tiny/gcd"]
    done = subprocess.run(
        [sys.executable, "-m", "gymcc.scripts.main", "search", ENV, *words, "--method", "heuristic,random", "--json"],
        capture_output=True, text=True, timeout=300, env={**os.environ, "OMP_NUM_THREADS": "1"}, check=True,
    )  # fmt: skip
    assert [row["cost_ticks"] for row in json.loads(done.stdout)] == [8, 8]
    assert done.stderr.count("'CutLoopView' is not known here") == 1
    assert "Traceback" not in done.stderr
