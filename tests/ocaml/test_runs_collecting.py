"""Folders of runs: equal seeds give equal rows, with any number of workers and after any kill."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

from gymcc.benchmarks.ocaml_runs import Plan, Spec, Worker, collect, read_plan, read_rows
from gymcc.benchmarks.ocaml_runs.collecting import chain_file
from gymcc.benchmarks.ocaml_runs.parquet import write_parquet
from gymcc.benchmarks.ocaml_runs.processes import processes

PLAN = Plan(steps=12, chains=2, seed=5)
PROGRAMS = ["quaternions", "gen/7"]
SCRIPT = """
import sys
from pathlib import Path
from gymcc.benchmarks.ocaml_runs import Plan, Spec, collect
from gymcc.benchmarks.ocaml_runs.processes import processes

if __name__ == "__main__":
    with processes(Spec(), int(sys.argv[2])) as measure:
        plan = Plan(steps=60, chains=2, seed=5)
        collect(Path(sys.argv[1]), ["quaternions", "life"], plan, Spec(), measure, lambda: print("step", flush=True))
"""


def here(spec):
    worker = Worker(spec)
    return lambda tasks: map(worker, tasks)


def files(folder):
    return {path.name: path.read_bytes() for path in sorted((folder / "chains").iterdir())}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "whole"
    collect(folder, PROGRAMS, PLAN, Spec(), here(Spec()))
    return folder


def test_every_candidate_of_every_step_is_a_row_that_can_be_measured_again(folder):
    worker = Worker(Spec())
    for program in PROGRAMS:
        rows = read_rows(folder, program)
        assert len(rows) == 2 * (1 + 12 * 3)
        backend = worker.opened(program).space.backend
        for row in rows[:20]:
            figures = backend.cost(_decisions(row["decisions"]))
            assert (figures.cost, figures.text) == (row["cost"], row["size"])


def _decisions(nested, path=()):
    from gymcc.envs.ocaml.actions import Action

    found = {}
    for site, children in nested:
        found[*path, site] = Action.NEVER if children is None else Action.INLINE
        found |= _decisions(children or [], (*path, site))
    return found


@pytest.mark.parametrize("kept", [0, 1, 400, 3000, 7001])
def test_what_was_cut_off_anywhere_is_made_again_byte_for_byte(folder, tmp_path, kept):
    begun = tmp_path / "cut"
    (begun / "chains").mkdir(parents=True)
    for name in ("plan.json", "sites.jsonl"):
        (begun / name).write_bytes((folder / name).read_bytes())
    for name, body in files(folder).items():
        (begun / "chains" / name).write_bytes(body[:kept])
    collect(begun, PROGRAMS, PLAN, Spec(), here(Spec()))
    assert files(begun) == files(folder)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """How to run the script, and a folder that it has filled."""
    folder = tmp_path_factory.mktemp("script")
    (folder / "script.py").write_text(SCRIPT)
    command = [sys.executable, str(folder / "script.py")]
    subprocess.run([*command, str(folder / "whole"), "1"], check=True, stdout=subprocess.DEVNULL)
    return command, folder / "whole"


@pytest.mark.parametrize("workers", [1, 2])
def test_killed_runs_go_on_to_the_same_rows_and_leave_no_process(tmp_path, unbroken, workers):
    command, whole = unbroken
    with subprocess.Popen([*command, str(tmp_path / "killed"), str(workers)], stdout=subprocess.PIPE) as killed:
        for _ in range(25):
            assert killed.stdout.readline() == b"step\n"
        killed.send_signal(signal.SIGKILL)
        killed.stdout.read()  # ends when the last process that holds the pipe has
    assert 0 < sum(map(len, files(tmp_path / "killed").values())) < sum(map(len, files(whole).values()))
    subprocess.run([*command, str(tmp_path / "killed"), str(workers)], check=True, stdout=subprocess.DEVNULL)
    assert files(tmp_path / "killed") == files(whole)


def test_processes_measure_in_order():
    plan, spec = Plan(steps=3, chains=1), Spec()
    from gymcc.benchmarks.ocaml_runs.chains import Chain

    tasks = Chain(plan, "quaternions", 0, frozenset(), step=0).tasks()
    with processes(spec, 2) as measure:
        assert list(measure(tasks)) == list(here(spec)(tasks))


def test_a_folder_is_gone_on_with_as_it_was_begun(folder):
    assert read_plan(folder) == (PROGRAMS, PLAN, Spec())
    with pytest.raises(ValueError, match="begun with other"):
        collect(folder, PROGRAMS, Plan(steps=13, chains=2, seed=5), Spec(), here(Spec()))


def test_a_folder_without_a_plan_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"plan\.json"):
        read_plan(tmp_path)


def test_chains_of_programs_lie_in_files_of_their_own(folder):
    assert chain_file(folder, "gen/7", 1).name == "gen_7-1.jsonl"
    assert len(files(folder)) == 4
    assert [json.loads(line)["program"] for line in (folder / "sites.jsonl").open()] == PROGRAMS


def test_the_table_holds_all_rows(folder):
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = parquet.read_table(write_parquet(folder)).to_pylist()
    assert [json.loads(row["decisions"]) for row in rows[:74]] == [
        row["decisions"] for row in read_rows(folder, PROGRAMS[0])
    ]
    assert {row["program"] for row in rows} == set(PROGRAMS)
