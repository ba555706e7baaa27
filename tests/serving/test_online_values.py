"""NITTA's value network from uploads: workers descend, the training publishes what does better, workers follow it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

pytest.importorskip("torch")

from gymcc.agents.nitta_value.descents import DescentUploader, descend, from_batch, to_examples
from gymcc.agents.nitta_value.learning import pick
from gymcc.agents.nitta_value.model_scores import views
from gymcc.agents.nitta_value.network import ValueNet, export
from gymcc.agents.nitta_value.online import Trials
from gymcc.agents.nitta_value.settings import Programs
from gymcc.agents.rllib.gate import Gate
from gymcc.agents.serving import Client
from gymcc.agents.serving.client.decide import published_key
from gymcc.agents.serving.nitta_ml.store import Store, UnknownModel
from gymcc.agents.serving.nitta_ml.value_model import ValueModel
from gymcc.agents.serving.online.sources import ListSource
from gymcc.agents.serving.publish import PublishError, publish_values
from gymcc.benchmarks.nitta_crawl.tables import labelled_table, shard
from gymcc.benchmarks.nitta_crawl.visits import descents as crawled
from gymcc.envs.nitta.features import COLUMNS
from gymcc.envs.nitta.library import Library
from gymcc.envs.nitta.methods import default_scores
from gymcc.envs.nitta.tree import open_tree

CONFIG = Path(__file__).parents[2] / "configs" / "nitta-value-online.yaml"
PROGRAMS = ["tiny/hold", "tiny/blink", "tiny/gcd"]
QUICK = ("layers=[16]", "steps=100", "rounds=9", "descents=40", "trials={generated: {small: 1}, shipped: false}")


def tree(program):
    return open_tree(Library().program(program))


def work(gymcc, server, descents, *more):
    instances = [part for each in PROGRAMS for part in ("--instance", each)]
    target = ("--server", server, "--list", "descended", "--policy", "valued", "--values", *instances)
    return gymcc("work", "nitta-synthesis-v0", *target, "--episodes", str(descents), *more)


def train(gymcc, server, run, *more):
    data = {"address": server, "list": "descended", "publish": "valued", "patience": 0.1, "idle_minutes": 0.005}
    sets = [f"data={json.dumps(data)}", *QUICK, *more]
    told = gymcc("train", str(CONFIG), "--out", str(run), *(part for each in sets for part in ("--set", each)))
    return told, [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def test_descents_train_a_network_that_workers_then_follow_and_a_worse_one_stays_at_home(gymcc, orchestrator, tmp_path):
    server, run = orchestrator.unix, tmp_path / "run"
    assert "network version -1" in work(gymcc, server, 70)
    with Client(server) as client:  # of another generation
        DescentUploader("descended", client, "odd").put_batch(np.zeros((3, 5), np.float32))
    told, rows = train(gymcc, server, run)
    assert "ended:   nothing that can be learned from" in told
    assert (rows[-1]["descents"], rows[-1]["refused"]) == (70, 1)
    with Client(server) as client:
        at_work, card = published_key(client, "valued"), json.loads(client.get_card("valued"))
        best = max(row["speedup"] for row in rows)
        assert card["validation"]["speedup"] == best
        trials = Trials(pick(Programs(shipped=False, split="train", generated={"small": 1})))
        assert trials.judge(client, "valued") == pytest.approx(best)
        assert trials.speedup(_scores(ValueModel.load(run))) == pytest.approx(best), "served and exported are the same"
        gate = Gate(client, "valued", trials.judge, publish_values, lasting=True)
        assert gate.offer(run, best * 0.999) is None, "a worse one stays at home"
        assert published_key(client, "valued") == at_work == f"valued:{rows[-1]['published']}"
        assert f"network version {gate.version}" in work(gymcc, server, 20, "--epsilon", "0.5")
        assert gate.offer(run, best * 1.1) == f"valued:{gate.version}" != at_work, "a better one goes to work"


def _scores(model):
    return lambda node: [value + 20 for value in model.scores(views(node))] if node.options else []


def test_the_same_paths_are_labelled_as_a_crawl_labels_them():
    table = labelled_table("hold", [shard(crawled(tree("tiny/hold"), "hold", range(30), 0))])
    found = [descend("hold", tree("tiny/hold"), None, 0, Random(f"0 hold {number}")) for number in range(30)]
    examples = to_examples(found)["hold"]
    mine = sorted(zip(examples.labels.tolist(), examples.features.tolist(), strict=True))
    theirs = [table["label"].to_pylist(), np.stack([table[name].to_numpy() for name in COLUMNS], 1).tolist()]
    assert mine == sorted(zip(*theirs, strict=True))


def test_descents_arrive_as_they_were_sent_and_follow_the_scores(orchestrator):
    root = tree("tiny/gcd")
    sent = [descend("tiny/gcd", root, default_scores, epsilon, Random(1)) for epsilon in (0.0, 1.0)]
    best = [int(np.argmax(default_scores(node))) for node in _way(root, sent[0].path)]
    assert list(sent[0].path) == best
    with Client(orchestrator.unix) as client:
        uploader = DescentUploader("descents-sent", client, "w")
        for each in sent:
            uploader.put_descent(each, 4)
        batches = ListSource(client, "descents-sent").fetch()
    for one, batch in zip(sent, batches, strict=True):
        (other,) = from_batch(batch)
        assert replace(one, features=None) == replace(other, features=None)
        assert np.array_equal(one.features, other.features)
        assert batch["policy_version"] == 4
    for name, value in (("path", np.zeros(1)), ("samples", np.full(batch["samples"].shape, np.nan)), ("program", [])):
        with pytest.raises(ValueError, match="descent"):
            from_batch({**batch, name: value})


def _way(root, path):
    for index in path:
        yield root
        root = root.children[index]


def test_what_is_no_value_network_is_not_published(orchestrator, tmp_path):
    export(ValueNet(len(COLUMNS), (4,)), COLUMNS, tmp_path, {})
    with Client(orchestrator.unix) as client:
        with pytest.raises(PublishError, match="expected a NAME"):
            publish_values(client, tmp_path, "no:version")
        with pytest.raises(ValueError, match=r"value\.json"):
            publish_values(client, tmp_path / "nothing", "name")
        assert Trials([]).judge(client, "jit:1") == 0, "a policy is no value network"


def test_a_value_network_is_published_as_policies_are(gymcc, orchestrator, tmp_path):
    net = ValueNet(len(COLUMNS), (4,))
    export(net, COLUMNS, tmp_path, {"validation_mae": 1.5})
    assert "published learned:1" in gymcc("publish", str(tmp_path), "--as", "learned", "--server", orchestrator.unix)
    root = tree("tiny/gcd")
    with Client(orchestrator.unix) as client:
        served = ValueModel.served(client, "learned")
        assert served.card.validation_mae == 1.5
        assert served.scores(views(root)) == pytest.approx(ValueModel.load(tmp_path).scores(views(root)), abs=1e-5)
        store = Store(server=client)  # what a NITTA asks
        assert store["learned"].scorer.scores(views(root)) == served.scores(views(root))
        assert {"learned", "nitta-guide"} <= set(store.names())
        with pytest.raises(UnknownModel, match="learned"):
            store["unlearned"]
    assert "unbatched" in gymcc("publish", str(tmp_path), "--as", "x", "--server", orchestrator.unix, "--batch", "8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("work", "looptune-mm-model-v0", "--values", "--policy", "x"), "allowed: nitta-synthesis-v0"),
        (("train", str(CONFIG), "--evaluate"), "takes no --evaluate"),
        (("train", str(CONFIG), "--set", "data=null"), "expected `orchestrator`"),
        (("train", str(CONFIG), "--set", "round=1"), "round"),
        (("nitta", "learn", str(CONFIG), "--out", "nowhere"), f"`gymcc train {CONFIG}`"),
        (("train", str(CONFIG.with_name("nitta-guide.yaml"))), "gymcc nitta learn"),
    ],
)
def test_what_cannot_be_asked_for(gymcc, arguments, words):
    assert words in gymcc(*arguments)
