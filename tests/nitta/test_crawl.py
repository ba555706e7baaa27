import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.benchmarks.nitta_crawl.crawl import Plan, crawl, read_plan, report
from gymcc.benchmarks.nitta_crawl.tables import load, summary
from gymcc.benchmarks.nitta_crawl.visits import descents, exhaustive, features
from gymcc.envs.nitta.features import COLUMNS
from gymcc.envs.nitta.labels import labelled
from gymcc.envs.nitta.methods import is_success
from tests.nitta.recorded import RecordedNode
from tests.nitta.toy import ToyNode, below

SMALL = Plan(samples=40, nodes=0, shard=10)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_exhaustive_sees_every_node_once(seed):
    root = ToyNode(seed, crash_share=0.1)
    nodes = list(below(root))
    found = exhaustive(root, most=10_000)
    assert set(found.nodes) == {node.sid for node in nodes if node.parent}
    ends = {node.sid: node for node in nodes if node.crashed or not node.options}
    assert {sid: (leaf.success, leaf.visits) for sid, leaf in found.leaves.items()} == {
        sid: (is_success(node), 1) for sid, node in ends.items()
    }
    assert exhaustive(root, most=len(nodes) - 2) is None


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), cut=st.integers(0, 30))
def test_descents_are_the_same_in_any_portions(seed, cut):
    whole = descents(ToyNode(seed), "toy", range(30), seed=1)
    parts = [descents(ToyNode(seed), "toy", numbers, seed=1) for numbers in (range(cut), range(cut, 30))]
    assert sum(leaf.visits for leaf in whole.leaves.values()) == 30
    assert set(whole.nodes) == {sid for part in parts for sid in part.nodes}
    for sid, leaf in whole.leaves.items():
        assert leaf.visits == sum(part.leaves[sid].visits for part in parts if sid in part.leaves)


def test_descents_follow_the_scores():
    root = ToyNode(11, depth_limit=1)
    scores = np.array([option.score for option in root.options])
    found = descents(root, "toy", range(3000), seed=0)
    visits = np.array([found.leaves[child.sid].visits for child in root.children])
    expected = (scores + 3000) ** 3 / sum((scores + 3000) ** 3)
    assert np.abs(visits / 3000 - expected).max() < 0.03


def test_features_are_those_of_the_views():
    root = RecordedNode.load("fir3")
    rows = features(root)
    from gymcc.envs.nitta.features import row

    views = [child.view() for child in root.children]
    for view, numbers in zip(views, rows, strict=True):
        assert dict(zip(COLUMNS, map(float, numbers), strict=True)) == pytest.approx(row(view, views), rel=1e-6)


def test_a_finished_program_is_a_table_of_labelled_nodes(tmp_path):
    root = ToyNode(3, crash_share=0.1)
    (path,) = crawl({"toy": lambda: ToyNode(3, crash_share=0.1)}, tmp_path, Plan(samples=5, nodes=1000))
    table = load(path)
    labels = labelled(exhaustive(root, 1000).leaves.values())
    assert dict(zip(table["sid"].to_pylist(), table["label"].to_pylist(), strict=True)) == pytest.approx(
        {sid: label for sid, label in labels.items() if sid != "-"}
    )
    assert table.column_names == ["program", "depth", "label", "sid", "kind", "score", *COLUMNS]
    found = summary(path)
    ends = [node for node in below(root) if is_success(node)]
    assert found["successes"] == len(ends)
    assert found["best_duration"] == min((node.duration for node in ends), default=-1)


def test_of_a_large_tree_only_samples(tmp_path):
    (path,) = crawl({"toy": lambda: ToyNode(3)}, tmp_path, SMALL)
    assert summary(path)["descents"] == 40
    assert not list((tmp_path / "shards").iterdir())
    assert report(tmp_path) == [{"program": "toy", **summary(path)}]


class Stopped(Exception):
    pass


def _stop_after(count):
    calls = []

    def progress(program, part):
        calls.append(part)
        if len(calls) == count:
            raise Stopped

    return progress


@pytest.mark.parametrize("stops", [1, 2, 4, 5])
def test_a_crawl_that_was_stopped_goes_on_and_ends_the_same(tmp_path, stops):
    trees = {f"toy{seed}": lambda seed=seed: ToyNode(seed) for seed in (3, 4)}
    whole = [load(path) for path in crawl(trees, tmp_path / "whole", SMALL)]
    with pytest.raises(Stopped):
        crawl(trees, tmp_path / "torn", SMALL, _stop_after(stops))
    made = []
    torn = {name: lambda make=make: made.append(1) or make() for name, make in trees.items()}
    assert [load(path) for path in crawl(torn, tmp_path / "torn", SMALL)] == whole
    assert len(made) < 2 + 8


def test_another_plan_does_not_continue_a_crawl(tmp_path):
    crawl({"toy": lambda: ToyNode(3)}, tmp_path, SMALL)
    with pytest.raises(ValueError, match="was begun with Plan"):
        crawl({"toy": lambda: ToyNode(3)}, tmp_path, Plan(samples=41))
    (tmp_path / "crawl.json").write_text("{")
    with pytest.raises(ValueError, match="cannot read the plan"):
        read_plan(tmp_path)


@pytest.mark.parametrize(("fault", "words"), [({"samples": 0}, "samples must be"), ({"nodes": -1}, "nodes must not")])
def test_plans_that_make_no_sense(fault, words):
    with pytest.raises(ValueError, match=words):
        Plan(**fault)


def test_a_torn_file_is_named(tmp_path):
    path = tmp_path / "x.parquet"
    path.write_bytes(b"PAR1 torn")
    with pytest.raises(ValueError, match=r"x\.parquet: not a table of a crawl"):
        load(path)


SCRIPT = """
import sys, time
from pathlib import Path
from gymcc.benchmarks.nitta_crawl.crawl import Plan, crawl
from tests.nitta.toy import ToyNode
slow = lambda program, part: print(part, flush=True) or time.sleep(0.2)
crawl({"toy": lambda: ToyNode(3)}, Path(sys.argv[1]), Plan(samples=40, nodes=0, shard=10), slow)
"""


def test_a_crawl_survives_kill_9(tmp_path):
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])}
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "killed")], env=env, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "0.25\n"
    time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert json.loads((tmp_path / "killed" / "crawl.json").read_text())["samples"] == 40
    (path,) = crawl({"toy": lambda: ToyNode(3)}, tmp_path / "killed", SMALL)
    (whole,) = crawl({"toy": lambda: ToyNode(3)}, tmp_path / "whole", SMALL)
    assert load(path) == load(whole)
