"""What people and damaged files give the command line: one line that says what is wrong, never a traceback."""

import json
from dataclasses import fields, replace
from pathlib import Path

import pytest

from gymcc.agents.policy import Card, PolicyError
from gymcc.agents.search import Budget
from gymcc.envs.core.record import Record, read_records
from gymcc.scripts.environments import make, pick_instances
from gymcc.scripts.evaluation import Plan
from gymcc.scripts.output import show

MODEL = "looptune-mm-model-v0"


@pytest.fixture
def record(gymcc, tmp_path) -> Record:
    path = tmp_path / "one.jsonl"
    assert gymcc("search", MODEL, "--evaluations", "20", "--seed", "-1", "--out", str(path))[0] == 0
    ((record, broken),) = read_records(path)
    assert not broken
    return record


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["search", MODEL, "--method", "numpy"], ["numpy", "annealing"]),
        (["search", MODEL, "--method", ""], ["''", "annealing"]),
        (["compare", MODEL, "--methods", "numpy"], ["numpy", "annealing"]),
        (["search", MODEL, "-o", "colour=red"], ["colour", "action_set", "max_steps"]),
        (["search", MODEL, "-o", "max_episode_steps=abc"], ["max_episode_steps", "max_steps"]),
        (["search", MODEL, "-o", "max_steps=abc"], ["max_steps", "abc"]),
        (["search", MODEL, "-o", "max_steps=0"], ["max_steps", "0"]),
        (["search", MODEL, "-o", "observation=5"], ["observation", "5", "loop_tree"]),
        (["search", MODEL, "-o", "observation={}"], ["observation", "{}", "loop_tree"]),
        (["search", MODEL, "-o", "reward=5"], ["reward", "5", "log_speedup"]),
        (["train", "configs/smoke.yaml", "--set", "seed=[:"], ["seed=[:", "YAML"]),
        (["train", "configs/smoke.yaml", "--set", "env.options.colour=red"], ["colour", "action_set"]),
        (["train", "configs/smoke.yaml", "--set", "validation.options.reward=5"], ["reward", "5", "log_speedup"]),
        (["bench", "looptune", "--sizes", "many"], ["many", "a:b:step"]),
    ],
)
def test_bad_argument_is_one_clear_line(gymcc, arguments, words):
    status, _, err = gymcc(*arguments)
    assert status == 2
    assert len(err.strip().splitlines()) == 1
    for word in words:
        assert word in err


@pytest.mark.parametrize("change", [{"costs": []}, {"curve": [[]]}, {"costs": [float("nan")] * 99}])
def test_report_leaves_out_records_that_cannot_be_drawn(gymcc, tmp_path, record, change):
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "bad.jsonl").write_text(replace(record, **change).to_json() + "\n")
    status, _, err = gymcc("report", str(tmp_path))
    assert status == 2
    assert "no intact record" in err


@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b"[" * 100_000])
def test_file_that_is_no_text_is_named(gymcc, tmp_path, body):
    path = tmp_path / "bad.jsonl"
    path.write_bytes(body)
    status, _, err = gymcc("verify", str(path))
    assert status == 2
    assert str(path) in err


def test_negative_seeds_verify(gymcc, tmp_path, record):
    assert record.seed == -1
    assert gymcc("verify", str(tmp_path / "one.jsonl"))[0] == 0


def test_report_of_a_file_lies_beside_it(gymcc, tmp_path, record):
    folder = tmp_path / "deep"
    folder.mkdir()
    (folder / "own.jsonl").write_text(record.to_json() + "\n")
    assert gymcc("report", str(folder / "own.jsonl"))[0] == 0
    assert (folder / "report.html").is_file()
    assert not (tmp_path / "report.html").exists()


def test_report_bears_torn_metrics(gymcc, tmp_path, record):
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "own.jsonl").write_text(record.to_json() + "\n")
    (tmp_path / "metrics.jsonl").write_text('{"iteration": 1, "env_steps": 5, "return_mean": 1.0}\n{"iterat')
    status, _, err = gymcc("report", str(tmp_path))
    assert status == 0, err


def test_searches_keep_to_the_step_limit_asked_for(gymcc):
    arguments = ("search", MODEL, "--method", "beam,annealing,random", "--evaluations", "200", "-o", "max_steps=2")
    status, out, _ = gymcc(*arguments, "--json")
    assert status == 0
    assert all(len(row["actions"].split(",")) <= 2 for row in json.loads(out))


def test_longer_records_than_an_episode_are_named(gymcc, tmp_path, record):
    path = tmp_path / "long.jsonl"
    path.write_text(replace(record, actions=["down", "up"] * 6, costs=[record.costs[0]] * 13).to_json() + "\n")
    status, out, _ = gymcc("verify", str(path))
    assert status == 1
    assert "actions: 12, and an episode has 10" in out


def test_instance_named_twice_is_tuned_once():
    problem = make(MODEL).problem
    named = ["m64_n64_k64", "looptune/mm-64-256-16/m64_n64_k64", "m8_n8_k8"]
    assert pick_instances(problem, {}, "test", None, named) == ("m64_n64_k64", "m8_n8_k8")


def _generate(gymcc, folder: Path) -> None:
    ranges = ("--dimA", "8:16:8,8|24", "--dimB", "8|24,32")
    assert gymcc("generate", "looptune", *ranges, "--out", str(folder))[0] == 0


def test_dataset_is_an_option_too(gymcc, tmp_path):
    _generate(gymcc, tmp_path / "mine")
    option = ("-o", f"dataset={tmp_path / 'mine'}")
    arguments = ("search", MODEL, *option, "--split", "all", "--count", "4", "--evaluations", "5")
    status, out, err = gymcc(*arguments, "--json")
    assert status == 0, err
    assert {row["instance"] for row in json.loads(out)} == {f"m{m}_n32_k{k}" for m in (8, 16) for k in (8, 24)}
    status, out, err = gymcc("info", MODEL, "--dataset", str(tmp_path / "mine"), "--json")
    assert status == 0, err
    assert {"fact": "instances", "value": 4} in json.loads(out)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"shares": "abc"}, ["dataset.json", "shares"]),
        ({"shares": [0.5, 0.5]}, ["dataset.json", "shares"]),
        ({"shares": [float("nan"), 0.5, 0.5]}, ["dataset.json", "shares"]),
        ({"seed": {}}, ["dataset.json", "seed"]),
        ({"name": 5}, ["dataset.json", "name"]),
        ({"name": "looptune/mm-64-256-16"}, ["dataset.json", "looptune/mm-64-256-16", "another"]),
        ({"checksum": "0"}, ["instances.txt", "checksum"]),
    ],
)
def test_damaged_card_is_named(gymcc, tmp_path, change, words):
    _generate(gymcc, tmp_path / "mine")
    card = tmp_path / "mine" / "dataset.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | change))
    status, _, err = gymcc("info", MODEL, "-o", f"dataset={tmp_path / 'mine'}")
    assert status == 2
    for word in words:
        assert word in err


@pytest.mark.parametrize("line", [b"../../etc/passwd\n", b"m8_n8_k99999\n", b"\xff\xfe"])
def test_damaged_listing_is_named(gymcc, tmp_path, line):
    _generate(gymcc, tmp_path / "mine")
    (tmp_path / "mine" / "instances.txt").write_bytes(line)
    status, _, err = gymcc("search", MODEL, "--dataset", str(tmp_path / "mine"))
    assert status == 2
    assert str(tmp_path / "mine") in err


def test_texts_are_printed_as_they_are_written(gymcc, capsys):
    """Neither `:b:` nor `[m,n]` is markup for whatever prints it."""
    out = gymcc("generate", "looptune", "--help")[1]
    assert "a:b:step" in out
    assert "C[m,n] += A[m,k] * B[k,n]" in out
    show([{"text": "A[m,k] :b:"}], False)
    assert "A[m,k] :b:" in capsys.readouterr().out


def test_wrong_type_in_a_side_car_is_named(tmp_path):
    body = {field.name: {} for field in fields(Card)} | {"schema": 1, "env": MODEL, "actions": 5}
    (tmp_path / "policy.json").write_text(json.dumps(body))
    with pytest.raises(PolicyError, match=r"policy\.json: observation: .*string"):
        Card.read(tmp_path / "policy.json")


def test_records_of_other_tools_or_machines_are_not_continued(monkeypatch):
    plan = Plan(MODEL, {}, ("m8_n8_k8",), ("random",), (), Budget(evaluations=5))
    model = make(MODEL).problem
    assert plan.key(model) == plan.key(make(MODEL).problem)
    assert plan.key(model) != plan.key(make(MODEL, isa="avx2").problem)
    monkeypatch.setattr(model, "deterministic", False)
    here = plan.key(model)
    monkeypatch.setattr("gymcc.scripts.evaluation.fingerprint", lambda: {"cpu": "another"})
    assert plan.key(model) != here
