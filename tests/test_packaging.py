"""Wheel and sdist must hold real files although the rooms are links, and install in a clean environment."""

import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("envs", "agents", "benchmarks", "scripts")


def run(*command: str, cwd: Path = ROOT) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", str(out), str(ROOT))
    return out


def test_rooms_are_relative_links():
    for room in ROOMS:
        link = ROOT / "gymcc" / room
        assert link.is_symlink()
        assert str(link.readlink()) == f"../{room}"


def test_wheel_holds_every_module_as_a_file(built):
    wheel = zipfile.ZipFile(next(built.glob("*.whl")))
    packed = {name: wheel.getinfo(name).file_size for name in wheel.namelist()}
    for room in ROOMS:
        for source in (ROOT / room).rglob("*.py"):
            name = f"gymcc/{source.relative_to(ROOT)}"
            assert packed.get(name) == source.stat().st_size, name
    assert {"gymcc/py.typed", "gymcc/agents/serving/clients/c/gymcc.h"} <= set(packed)
    assert not any(name.split("/")[0] in ROOMS for name in packed)


def test_sdist_holds_real_files(built):
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        members = {member.name.split("/", 1)[-1]: member for member in archive.getmembers()}
    problem = members["gymcc/envs/core/problem.py"]
    assert problem.isfile()
    assert problem.size > 1000


def test_wheel_installs_and_runs_without_torch_or_ray(built, tmp_path):
    venv.create(tmp_path / "venv", with_pip=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    run(python, "-m", "pip", "install", "--quiet", str(next(built.glob("*.whl"))))
    code = (
        "import sys, gymcc, gymnasium; from gymcc.agents.search import Budget, search;"
        "env = gymnasium.make('looptune-mm-model-v0'); env.reset(seed=0);"
        "assert search(env.unwrapped.problem, 'm64_n64_k64', 'beam', Budget(evaluations=30)).speedup > 1;"
        "assert not {'torch', 'ray'} & set(sys.modules)"
    )
    run(python, "-c", code, cwd=tmp_path)
    gymcc = str(tmp_path / "venv" / "bin" / "gymcc")
    assert "looptune-mm-v0" in run(gymcc, "list", cwd=tmp_path)
    records = tmp_path / "found.jsonl"
    run(gymcc, "search", "looptune-mm-model-v0", "--evaluations", "30", "--out", str(records), cwd=tmp_path)
    assert "1 of 1 records hold" in run(gymcc, "verify", str(records), cwd=tmp_path)
