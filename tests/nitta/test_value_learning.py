"""From lessons to a guide: labels are true, training goes on after a kill, files that are damaged are told."""

import json
import os
import signal
import subprocess
import sys
from math import inf
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.agents.config import ConfigError
from gymcc.agents.nitta_value.guide import Guide, GuideError, Outlook
from gymcc.agents.nitta_value.learning import learn, pick
from gymcc.agents.nitta_value.lessons import Effort, Lessons, gather
from gymcc.agents.nitta_value.observe import COLUMNS, remaining
from gymcc.agents.nitta_value.settings import GuideSettings, Programs, dump, load
from gymcc.envs.nitta.library import Library
from gymcc.envs.nitta.tree import open_tree
from tests.nitta.test_value_search import everything, is_success

SMALL = ["tiny/halve", "tiny/hold", "tiny/blink", "tiny/delay", "tiny/weekday"]
BODY = {
    "kind": "guide",
    "programs": {"shipped": False, "generated": {"tiny": 3}},
    "rounds": [{"descents": 12}, {"descents": 4, "evaluations": 40, "continuations": 3}],
    "fitting": {"members": 2, "epochs": 60.0, "layers": [16], "batch_size": 32, "lr": 0.01},
    "validation": {"programs": {"split": "validation", "shipped": False, "generated": {"tiny": 2}}},
}
SETTINGS = GuideSettings.model_validate(BODY)


def tree(name):
    return open_tree(Library().program(name))


def below(name):
    """By node id: duration of the shortest schedule at or below, inf for none."""
    best = {}
    for node in everything(name):
        if not node.crashed and is_success(node):
            above = node
            while above is not None:
                best[above.sid] = min(best.get(above.sid, inf), node.duration)
                above = above.parent
    return best


@pytest.mark.parametrize("name", SMALL)
def test_after_many_descents_labels_are_the_truth(name):
    lessons, best = gather(tree(name), None, Effort(descents=4000), "x")
    truth = below(name)
    nodes = {node.sid: node for node in everything(name)}
    assert best == truth["-"]
    exact = 0
    for key, growth, hopeless in zip(lessons.keys, lessons.growth, lessons.hopeless, strict=True):
        parent = nodes[str(key)].parent
        expected = truth.get(str(key), inf)
        found = inf if hopeless else parent.duration + growth * remaining(parent)
        assert found >= expected - 1e-4
        exact += found == pytest.approx(expected)
    assert exact > 0.9 * len(lessons.keys)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return learn(SETTINGS, tmp_path_factory.mktemp("guide") / "run")


def test_a_guided_round_sees_what_the_search_sees(run):
    lessons, best = gather(tree("small/horner"), Guide.load(run), Effort(2, 100, 4), "y")
    assert len(lessons.keys) == len(set(lessons.keys)) > 20
    assert best >= 1
    again, _ = gather(tree("small/horner"), Guide.load(run), Effort(2, 100, 4), "y")
    assert list(again.keys) == list(lessons.keys)
    assert (again.growth == lessons.growth).all()


LESSON = st.tuples(st.integers(0, 6), st.one_of(st.none(), st.integers(1, 9)))


def made(items):
    items = dict(items)
    growth = np.array([value or 0 for value in items.values()], np.float32)
    hopeless = np.array([value is None for value in items.values()], np.bool_)
    features = np.array([[key] for key in items], np.float16).reshape(len(items), 1)
    return Lessons(np.array([f"-{key}" for key in items], np.str_), features, growth, hopeless)


@settings(max_examples=60, deadline=None)
@given(st.lists(LESSON, max_size=6), st.lists(LESSON, max_size=6))
def test_merged_lessons_keep_the_better_of_both(one, other):
    found = made(one).merged(made(other))
    best = {}
    for key, value in [*dict(one).items(), *dict(other).items()]:
        best[f"-{key}"] = min(inf if value is None else value, best.get(f"-{key}", inf))
    got = {str(k): inf if h else g for k, g, h in zip(found.keys, found.growth, found.hopeless, strict=True)}
    assert got == best
    assert [f"-{int(row[0])}" for row in found.features] == list(found.keys)


def test_lessons_are_read_back(tmp_path):
    lessons = made([(1, 3), (2, None)])
    lessons.save(tmp_path / "x.npz")
    again = Lessons.load(tmp_path / "x.npz")
    for one, other in zip(
        (lessons.keys, lessons.features, lessons.growth, lessons.hopeless),
        (again.keys, again.features, again.growth, again.hopeless),
        strict=True,
    ):
        assert one.dtype == other.dtype
        assert (one == other).all()


def test_a_run_holds_a_guide_that_knows_what_is_short(run):
    guide = Guide.load(run)
    assert (guide.card.validation["programs"], guide.members) == (2, 2)
    assert Guide.load(run / "guides" / "00").members == 1
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [row["round"] for row in rows] == [0, 1]
    assert rows[1]["lessons"] > rows[0]["lessons"]
    lessons = [Lessons.load(path) for path in sorted((run / "lessons" / "01").iterdir())]
    predicted, labels = [], []
    for part in lessons:
        growth, hopeless = guide.outputs(part.features.astype(np.float32))
        assert growth.shape == hopeless.shape == (len(part.keys), 2)
        assert ((hopeless >= 0) & (hopeless <= 1)).all()
        predicted += list(growth.mean(axis=1)[~part.hopeless])
        labels += list(part.growth[~part.hopeless])
    assert np.corrcoef(predicted, labels)[0, 1] > 0.5


def test_estimates_are_ticks_of_the_schedule(run):
    guide, root = Outlook(Guide.load(run)), tree("tiny/weekday")
    estimates = guide.estimates(root)
    assert len(estimates) == len(root.options)
    assert all(0 < estimate < 60 for estimate in estimates)
    leaf = root
    while leaf.options:
        leaf = leaf.children[0]
    assert guide.estimates(leaf) == []


def test_a_training_goes_on_where_it_was_and_only_there(run, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*.npz")}
    learn(SETTINGS, run)
    assert before == {path: path.stat().st_mtime_ns for path in run.rglob("*.npz")}
    assert len((run / "metrics.jsonl").read_text().splitlines()) == 2
    with pytest.raises(ConfigError, match="other settings"):
        learn(SETTINGS.model_copy(update={"seed": 1}), run)
    (tmp_path / "x").write_text("something")
    with pytest.raises(ConfigError, match="no training of a guide"):
        learn(SETTINGS, tmp_path)


SCRIPT = """
import os, signal, sys
from pathlib import Path
from gymcc.agents.nitta_value.learning import learn
from gymcc.agents.nitta_value.settings import load
def progress(row):
    if row["round"] == 1 and row.get("done") == 2:
        os.kill(os.getpid(), signal.SIGKILL)
learn(load(Path(sys.argv[1])), Path(sys.argv[2]), progress)
"""


def test_a_training_survives_kill_9(run, tmp_path):
    (tmp_path / "c.yaml").write_text(dump(SETTINGS))
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])}
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "c.yaml"), str(tmp_path / "run")]
    assert subprocess.run(command, env=env, check=False).returncode == -signal.SIGKILL
    assert not (tmp_path / "run" / "guide.onnx").exists()
    learn(SETTINGS, tmp_path / "run")
    ours, theirs = Guide.load(tmp_path / "run").card, Guide.load(run).card
    assert ours.programs == theirs.programs
    assert ours.validation == theirs.validation


def test_programs_are_drawn_from_their_split():
    chosen = pick(Programs(split="train", shipped=True, generated={"tiny": 5}))
    assert chosen == pick(Programs(split="train", shipped=True, generated={"tiny": 5}))
    held = pick(Programs(split="test", shipped=True, generated={"tiny": 10_000}))
    assert not set(chosen) & set(held)
    with pytest.raises(ConfigError, match="no programs of size 'huge'"):
        pick(Programs(generated={"huge": 1}))
    with pytest.raises(ConfigError, match="none are chosen"):
        pick(Programs(shipped=False))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "guru"}, "guru"),
        ({"rounds": []}, "rounds"),
        ({"rounds": [{"descents": 0}]}, "descents"),
        ({"colour": 1}, "colour"),
        ({"fitting": {"expectile": 2.0}}, "expectile"),
    ],
)
def test_bad_settings_are_one_line(tmp_path, change, words):
    import yaml

    (tmp_path / "c.yaml").write_text(yaml.safe_dump(BODY | change))
    with pytest.raises(ConfigError, match=words) as fault:
        load(tmp_path / "c.yaml")
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize("fault", ["missing", "torn", "columns", "keys", "network"])
def test_a_damaged_guide_is_told(run, tmp_path, fault):
    card = json.loads((run / "guide.json").read_text())
    (tmp_path / "guide.onnx").write_bytes(b"no" if fault == "network" else (run / "guide.onnx").read_bytes())
    if fault == "columns":
        card["columns"][0] = "shoe_size"
    if fault == "keys":
        del card["risk"]
    if fault != "missing":
        (tmp_path / "guide.json").write_text("{" if fault == "torn" else json.dumps(card))
    with pytest.raises(GuideError, match=r"guide\.(json|onnx)"):
        Guide.load(tmp_path)
    assert len(COLUMNS) == len(card["columns"])
