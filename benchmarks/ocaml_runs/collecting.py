"""Many chains at once, into a folder; killed, they lose no more than the step under way.

``FOLDER/plan.json`` says how, ``FOLDER/chains/PROGRAM-0.jsonl`` is a chain, a line for each tree that was compiled;
``FOLDER/sites.jsonl`` has the features of each program's calls.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from itertools import chain, groupby, islice
from pathlib import Path as File
from typing import Any

from gymcc.benchmarks.ocaml_runs.chains import Chain, Plan
from gymcc.benchmarks.ocaml_runs.measuring import Measure, Spec, Worker
from gymcc.envs.ocaml.features import NAMES

Progress = Callable[[], None]  # after each step of a chain


def collect(
    folder: File, programs: Sequence[str], plan: Plan, spec: Spec, measure: Measure, progress: Progress = lambda: None
) -> list[Chain]:
    """Take the steps that are still to be taken; the finished chains.

    Raises ValueError if the folder was begun otherwise, UnknownInstance for programs that are none.
    """
    worker = Worker(spec)
    _begin(folder, programs, plan, spec, worker)
    chains, files = [], []
    for program in programs:
        space = worker.opened(program).space
        start = space.stock() if plan.start == "stock" else frozenset()
        for number in range(plan.chains):
            chains.append(Chain(plan, program, number, start))
            files.append(chain_file(folder, program, number))
            for _ in range(_resume(files[-1], chains[-1])):
                progress()
    _run(chains, files, measure, progress)
    return chains


def _run(chains: Sequence[Chain], files: Sequence[File], measure: Measure, progress: Progress) -> None:
    """A step of every chain that is not done, all their candidates at once, until all are done."""
    while todo := [(each, file) for each, file in zip(chains, files, strict=True) if not each.done]:
        tasks = [each.tasks() for each, _ in todo]
        outcomes = iter(measure(list(chain.from_iterable(tasks))))
        for (each, file), asked in zip(todo, tasks, strict=True):
            _append(file, each.advance(list(islice(outcomes, len(asked)))))
            progress()


def chain_file(folder: File, program: str, number: int) -> File:
    """Where the rows of a chain lie."""
    return folder / "chains" / f"{program.replace('/', '_')}-{number}.jsonl"


def read_plan(folder: File) -> tuple[list[str], Plan, Spec]:
    """Programs, plan and what compiles them; raises ValueError where a folder was not begun."""
    path = folder / "plan.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        own = tuple((name, place) for name, place in found["spec"].pop("own"))
        return found["programs"], Plan(**found["plan"]), Spec(**found["spec"], own=own)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{path}: cannot read the plan of the runs: {error}") from error


def read_rows(folder: File, program: str) -> list[dict[str, Any]]:
    """The rows of a program, chain by chain, complete steps only."""
    _, plan, _ = read_plan(folder)
    rows = []
    for number in range(plan.chains):
        for step, _ in _steps(chain_file(folder, program, number), plan):
            rows += step
    return rows


def _begin(folder: File, programs: Sequence[str], plan: Plan, spec: Spec, worker: Worker) -> None:
    if not (folder / "plan.json").exists():
        sites = [_site(worker, program) for program in programs]
        (folder / "chains").mkdir(parents=True, exist_ok=True)
        _replace(folder / "sites.jsonl", "".join(json.dumps(each) + "\n" for each in sites))
        said = {"programs": list(programs), "plan": asdict(plan), "spec": asdict(spec), "versions": worker.versions()}
        _replace(folder / "plan.json", json.dumps(said, indent=2) + "\n")
    if read_plan(folder) != (list(programs), plan, spec):
        raise ValueError(f"{folder} was begun with other programs or options (plan.json); take another folder")


def _site(worker: Worker, program: str) -> dict[str, Any]:
    opened = worker.opened(program)
    if not opened.space.roots:
        raise ValueError(f"{program}: there is nothing to decide: no call can be inlined")
    return {"program": program, "names": NAMES, "features": opened.features.tolist()}


def _replace(path: File, text: str) -> None:
    partial = path.with_name(f".{path.name}")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def _append(path: File, rows: Sequence[dict[str, Any]]) -> None:
    with path.open("ab") as file:
        file.write("".join(json.dumps(row) + "\n" for row in rows).encode())
        file.flush()
        os.fsync(file.fileno())


def _resume(path: File, chain: Chain) -> int:
    """Take the steps of a file, and cut off what is no complete step; the number of steps."""
    end = taken = 0
    for rows, length in _steps(path, chain.plan):
        chain.replay(rows)
        end += length
        taken += 1
    if path.exists():
        os.truncate(path, end)
    return taken


def _steps(path: File, plan: Plan) -> Iterator[tuple[list[dict[str, Any]], int]]:
    """The rows of each complete step and how many bytes they are; stops at the first that is not."""
    if not path.exists():
        return
    lines = [line for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
    rows = [(json.loads(line), len(line)) for line in lines]
    for step, found in groupby(rows, key=lambda each: int(each[0]["step"])):
        whole = list(found)
        if len(whole) < (plan.candidates if step else 1):
            return
        yield [row for row, _ in whole], sum(length for _, length in whole)
