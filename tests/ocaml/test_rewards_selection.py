"""Choosing settings by compiled trees, and the two commands from end to end."""

from __future__ import annotations

import json
from math import inf

import numpy as np
import pytest
from typer.testing import CliRunner

from gymcc.benchmarks.ocaml_rewards import GRID, HAND_LASSO, HAND_RIDGE, Setting, Tried, general, samples_of, star
from gymcc.benchmarks.ocaml_rewards.samples import Samples
from gymcc.benchmarks.ocaml_rewards.selection import attempt, loss
from gymcc.benchmarks.ocaml_runs import Plan, Spec, Worker, collect, read_rows
from gymcc.scripts.ocaml import app

A, B, C = (Setting("ridge", 1.0, penalty, "log", "mean") for penalty in (1.0, 2.0, 3.0))


def tried(program, initial, a, b, c):
    mask = np.ones((1, 1), np.bool_)
    samples = Samples(program, ((),), mask, ~mask, np.array([initial]), initial)
    return Tried(samples, {}, {A: a, B: b, C: c})


def test_the_best_of_a_program_and_the_best_of_all():
    one, two = tried("one", 1.0, 0.5, 0.6, 1.0), tried("two", 1.0, 1.1, 0.95, 0.9)
    assert (star(one), star(two)) == (A, C)
    # losses: A 0 + 2, B 0.2 + 0.5, C 1 + 0
    assert [loss(one, s) + loss(two, s) for s in (A, B, C)] == pytest.approx([2.0, 0.7, 1.0])
    assert general([one, two]) == B


def test_programs_without_anything_to_gain_count_what_they_lose():
    flat, other = tried("flat", 1.0, 1.2, 1.0, 1.0), tried("other", 1.0, 0.5, 0.5, 1.0)
    assert loss(flat, A) == pytest.approx(200.0)
    assert general([flat, other]) == B


def test_a_setting_that_fails_anywhere_is_not_chosen_for_all():
    one, two = tried("one", 1.0, 0.5, 0.6, 1.0), tried("two", 1.0, inf, 0.9, 0.9)
    assert loss(two, A) == inf
    assert general([one, two]) == B


def test_decoded_trees_are_compiled_and_their_figures_are_those_of_the_back_end(tmp_path):
    worker = Worker(Spec())
    plan = Plan(steps=20, chains=1)
    collect(tmp_path, ["dispatch"], plan, Spec(), lambda tasks: map(worker, tasks))
    samples = samples_of("dispatch", read_rows(tmp_path, "dispatch"))
    asked = []

    def measure(tasks):
        asked.extend(tasks)
        return map(worker, tasks)

    settings = [HAND_RIDGE, GRID[0], HAND_LASSO]
    found = attempt(samples, settings, measure)
    assert len({task.tree for task in asked}) == len(asked)
    backend, space = worker.opened("dispatch").space.backend, worker.opened("dispatch").space
    for setting in settings:
        figures = backend.cost(space.decisions(found.decoded[setting].tree))
        growth = max(1.0, figures.text / backend.baseline.text)
        assert found.objectives[setting] == pytest.approx(figures.cost / backend.baseline.cost * growth**0.1)
    assert found.best <= samples.initial


def test_the_commands_from_runs_to_values(tmp_path):
    runs, out = tmp_path / "runs", tmp_path / "out"
    options = ["--program", "dispatch", "--program", "parsers", "--steps", "15", "--chains", "1", "--json"]
    collected = CliRunner().invoke(app, ["collect", *options, "--out", str(runs)], catch_exceptions=False)
    assert [row["rows"] for row in json.loads(collected.stdout)] == [46, 46]
    said = CliRunner().invoke(app, ["attribute", str(runs), "--out", str(out), "--json"], catch_exceptions=False)
    table = json.loads(said.stdout)
    assert [row["program"] for row in table] == ["dispatch", "parsers", "geometric mean"]
    assert all(row["star"] <= min(row[name] for name in ("general", "hand_lasso", "hand_ridge")) for row in table)
    fitted = [json.loads(line) for line in (out / "fits.jsonl").open()]
    assert len(fitted) == 2 * len(GRID)
    values = [json.loads(line) for line in (out / "values.jsonl").open()]
    assert {value["model"] for value in values} == {"star", "general", "hand_lasso", "hand_ridge"}
    for value in values:
        both = value["inline"] is not None and value["call"] is not None
        assert (value["class"] in (0, 1, 2)) == both
        if value["chosen"] and both:
            assert value["inline"] > value["call"]


def test_programs_that_are_none_are_named(tmp_path):
    with pytest.raises(ValueError, match="unknown program 'nothing'"):
        CliRunner().invoke(
            app, ["collect", "--program", "nothing", "--out", str(tmp_path / "x")], catch_exceptions=False
        )
    assert not (tmp_path / "x").exists()
