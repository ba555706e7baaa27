"""The command line end to end, without training: what it prints, and how it says no."""

import json
from pathlib import Path

import pytest

from gymcc.envs.registry import ROWS

MODEL = "looptune-mm-model-v0"


@pytest.fixture
def found(gymcc, tmp_path) -> Path:
    """Records of a search."""
    path = tmp_path / "found.jsonl"
    status, _, err = gymcc("search", MODEL, "--method", "greedy2,beam", "--evaluations", "40", "--out", str(path))
    assert status == 0, err
    return path


def test_list_names_every_environment(gymcc):
    status, out, _ = gymcc("list", "--json")
    assert status == 0
    assert {row["id"] for row in json.loads(out)} == {row.id for row in ROWS}


def test_info_shows_instance_and_card(gymcc):
    _, out, _ = gymcc("info", MODEL, "--instance", "m37_n53_k71", "--json")
    (row,) = json.loads(out)
    assert row["state"] == "m37_n53_k71: m/1 k/1 n/1 @0"
    assert row["cost_seconds"] > row["bound_seconds"] > 0
    _, out, _ = gymcc("info", MODEL, "--dataset", "looptune/mm-off-grid", "--json")
    facts = {row["fact"]: row["value"] for row in json.loads(out)}
    assert (facts["instances"], facts["train"], facts["test"]) == (120, 0, 120)


def test_info_describes_the_environment(gymcc):
    (page,) = json.loads(gymcc("info", MODEL, "--json")[1])
    assert page["actions"][:2] == ["up", "down"]
    assert page["observations"]["ir_graph_networkx"] == "GraphSpace()"


def test_play_shows_cost_after_each_action(gymcc):
    actions = "split_8,down,down,down,split_16,swap_up,swap_up"
    status, out, _ = gymcc("play", MODEL, "--instance", "m64_n64_k64", "--actions", actions, "--json")
    rows = json.loads(out)
    assert status == 0
    assert [row["action"] for row in rows] == ["", *actions.split(",")]
    assert rows[-1]["state"] == "m64_n64_k64: m/8 n/16 m/1 k/1 n/1 @1"
    assert rows[-1]["gflops"] == pytest.approx(2 * 64**3 / rows[-1]["cost_seconds"] / 1e9)


def test_search_writes_records_that_verify(gymcc, found):
    status, out, _ = gymcc("verify", str(found))
    assert (status, out) == (0, "2 of 2 records hold\n")


def test_search_overwrites_nothing(gymcc, found):
    before = found.read_bytes()
    status, _, err = gymcc("search", MODEL, "--evaluations", "10", "--out", str(found))
    assert status == 2
    assert "nothing was overwritten" in err
    assert found.read_bytes() == before


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [('"split_4"', '"split_16"', "actions"), ("m64", "m80", "instance"), ('"seed": 0', '"seed": 1', "seed")],
)
def test_tampering_is_named(gymcc, found, old, new, field):
    text = found.read_text()
    assert old in text
    found.write_text(text.replace(old, new))
    status, out, _ = gymcc("verify", str(found))
    assert status == 1
    assert field in out


def test_compare_continues_after_a_kill(gymcc, tmp_path):
    arguments = ("compare", MODEL, "--methods", "random,beam", "--count", "4", "--evaluations", "12")
    arguments = (*arguments, "--out", str(tmp_path / "run"))
    assert gymcc(*arguments)[0] == 0
    (records,) = (tmp_path / "run" / "records").glob("*.jsonl")
    whole = records.read_bytes()
    records.write_bytes(whole[: len(whole) * 2 // 3])  # torn in the middle of a line
    status, out, _ = gymcc(*arguments, "--json")
    assert status == 0
    assert {row["method"] for row in json.loads(out)} >= {"random", "beam4"}
    lines = [json.loads(line) for line in records.read_text().splitlines()]
    assert len(lines) == 8
    assert (tmp_path / "run" / "report.html").stat().st_size > 1000


def test_several_seeds_meet_in_one_table(gymcc, tmp_path):
    arguments = ("compare", MODEL, "--methods", "random,beam", "--count", "3", "--evaluations", "8", "--seeds", "2")
    status, out, err = gymcc(*arguments, "--out", str(tmp_path / "run"), "--json")
    assert status == 0, err
    assert [(row["instances"], row["runs"]) for row in json.loads(out)] == [(3, 6), (3, 6)]


def test_generated_methods_can_be_used(gymcc, tmp_path):
    folder = tmp_path / "mine"
    arguments = ("generate", "jitcse", "--seed", "5", "--count", "12", "--candidates", "3:8", "--out", str(folder))
    status, out, err = gymcc(*arguments, "--json")
    assert status == 0, err
    made = json.loads(out)[0]["instances"]
    assert 0 < made < 12
    assert len((folder / "methods.ir").read_text().splitlines()) == made


def test_generated_dataset_can_be_used(gymcc, tmp_path):
    folder = str(tmp_path / "mine")
    ranges = ("--dimA", "8:16:8,8|24", "--dimB", "8|24,32")
    status, out, err = gymcc("generate", "looptune", *ranges, "--out", folder, "--json")
    assert status == 0, err
    assert json.loads(out)[0]["instances"] == 4
    assert gymcc("generate", "looptune", *ranges, "--out", folder)[0] == 2
    status, out, err = gymcc(
        "search", MODEL, "--dataset", folder, "--split", "all", "--count", "4", "--evaluations", "5", "--json"
    )
    assert status == 0, err
    assert {row["instance"] for row in json.loads(out)} == {f"m{m}_n32_k{k}" for m in (8, 16) for k in (8, 24)}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["info", "nope"], ["nope", "looptune-mm-v0"]),
        (["info", MODEL, "--instance", "../../etc/passwd"], ["../../etc", "known"]),
        (["info", MODEL, "--instance", "m0_n1_k1"], ["m0_n1_k1", "allowed"]),
        (["info", MODEL, "-o", "action_set=all"], ["all", "looptune, extended"]),
        (["info", MODEL, "-o", "colour=red"], ["colour"]),
        (["play", MODEL, "--instance", "m8_n8_k8", "--actions", "down,jump"], ["jump", "split_16"]),
        (["search", MODEL, "--method", "magic"], ["magic", "annealing"]),
        (["search", MODEL, "--dataset", "nope"], ["nope", "looptune/mm-64-256-16"]),
        (["compare", MODEL, "--split", "exam"], ["exam", "validation"]),
        (["generate", "looptune", "--dimA", "1:x,2", "--dimB", "2,3", "--out", "never"], ["1:x", "a:b:step"]),
        (
            ["generate", "looptune", "--dimA", "1:4096,1:64", "--dimB", "1:64,1:4096", "--out", "never"],
            ["1073741824", "1000000"],
        ),
        (["verify", "missing.jsonl"], ["missing.jsonl"]),
        (["report", "missing"], ["missing", "no records"]),
        (["train", "missing.yaml"], ["missing.yaml"]),
    ],
)
def test_bad_input_is_one_clear_line(gymcc, arguments, words):
    status, _, err = gymcc(*arguments)
    assert status == 2
    assert len(err.strip().splitlines()) == 1
    for word in words:
        assert word in err


def test_corrupt_record_names_file_and_line(gymcc, tmp_path):
    path = tmp_path / "bad.jsonl"
    path.write_text('{"schema": 1\n')
    status, _, err = gymcc("verify", str(path))
    assert status == 2
    assert f"{path}:1" in err
