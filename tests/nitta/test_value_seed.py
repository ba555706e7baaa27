"""NITTA's own value network: from a crawl to scores that methods go by."""

import json
from pathlib import Path

import numpy as np
import pytest

from gymcc.agents.config import ConfigError
from gymcc.agents.nitta_value.model_scores import BONUS, model_scores, views
from gymcc.agents.nitta_value.network import Examples, ValueNet, export, fit, mean_absolute_error, values
from gymcc.agents.nitta_value.seed import examples, learn_values
from gymcc.agents.nitta_value.settings import ValueSettings, load
from gymcc.agents.serving.nitta_ml.value_model import ModelError, ValueModel
from gymcc.benchmarks.nitta_crawl.crawl import Plan, crawl
from gymcc.envs.nitta.features import COLUMNS
from gymcc.envs.nitta.library import Library
from gymcc.envs.nitta.methods import Limit, synthesise
from gymcc.envs.nitta.tree import open_tree
from tests.nitta.recorded import RecordedNode

PROGRAMS = ["tiny/hold", "tiny/blink", "tiny/delay"]
QUICK = ValueSettings(kind="value", layers=(16, 8), dropout=(), l2=0.0, lr=0.01, batch_size=64, steps=300)


def tree(name):
    return open_tree(Library().program(name))


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crawl")
    crawl({name.split("/")[1]: lambda name=name: tree(name) for name in PROGRAMS}, folder, Plan(samples=5, nodes=5000))
    return folder


@pytest.fixture(scope="module")
def run(tables, tmp_path_factory):
    return learn_values(QUICK, tables, tmp_path_factory.mktemp("value") / "run")


def test_it_learns_more_than_the_mean(tables, run):
    train, _ = examples(QUICK, tables)
    constant = np.abs(train.labels - np.median(train.labels)).mean()
    card = json.loads((run / "value.json").read_text())
    assert card["train_mae"] < 0.8 * constant
    assert card["validation_mae"] < constant
    assert card["columns"] == list(COLUMNS)
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert rows[-1]["step"] == QUICK.steps


def test_programs_held_back_are_not_learned_from(tables):
    train, validation = examples(QUICK.model_copy(update={"validation": ("blink",)}), tables)
    alone, _ = examples(QUICK.model_copy(update={"validation": ("hold", "delay")}), tables)
    assert len(validation.labels) == len(alone.labels)
    assert sorted(validation.labels) == sorted(alone.labels)
    both, part = examples(QUICK, tables)
    assert len(both.labels) + len(part.labels) == len(train.labels) + len(validation.labels)
    assert len(part.labels) == pytest.approx(0.2 * (len(both.labels) + len(part.labels)), abs=1)


@pytest.mark.parametrize(
    ("held", "words"), [(("nobody",), "no tables of nobody"), (("hold", "blink", "delay"), "none is left")]
)
def test_programs_that_cannot_be_held_back(tables, held, words):
    with pytest.raises(ConfigError, match=words):
        examples(QUICK.model_copy(update={"validation": held}), tables)


def test_a_folder_without_tables_and_a_run_that_exists(tmp_path, tables, run):
    with pytest.raises(ConfigError, match="no tables here"):
        learn_values(QUICK, tmp_path, tmp_path / "run")
    with pytest.raises(ConfigError, match="holds a value network already"):
        learn_values(QUICK, tables, run)


def test_the_export_computes_what_the_network_computes(tmp_path):
    data = np.random.default_rng(0).normal(size=(50, len(COLUMNS))).astype(np.float32)
    net = ValueNet(len(COLUMNS), (16, 8), (0.5,)).eval()
    export(net, COLUMNS, tmp_path, {})
    session = ValueModel.load(tmp_path)._session
    assert session.run(["values"], {"features": data})[0] == pytest.approx(values(net, data), abs=1e-5)


def test_the_service_scores_views_as_methods_see_them(run):
    root = RecordedNode.load("fir3")
    served = ValueModel.load(run).scores([child.view() for child in root.children])
    assert model_scores(run)(root) == pytest.approx([value + BONUS for value in served], abs=1e-4)
    assert len(views(root)) == len(root.options)


def test_methods_go_by_the_models_scores(run):
    scores = model_scores(run)
    node = tree("small/horner")
    expected = node
    while expected.options:
        found = scores(expected)
        best = max(value for value in found)
        if best <= 0:
            break
        expected = expected.children[max(at for at, value in enumerate(found) if value == best)]
    assert synthesise(node, "bestThread", scores=scores).node.sid == expected.sid
    assert synthesise(node, "topDownByScore", Limit(evaluations=500), scores).evaluations <= 500


def test_dropout_and_penalty_hold_the_weights_down():
    random = np.random.default_rng(1)
    data = Examples(random.normal(size=(400, 6)).astype(np.float32), random.normal(size=400).astype(np.float32))
    free = fit(data, data, QUICK)
    held = fit(data, data, QUICK.model_copy(update={"l2": 0.5}))
    weights = [sum(float(p.square().sum()) for p in net.layers[0].parameters()) for net in (free, held)]
    assert weights[1] < 0.2 * weights[0]
    assert mean_absolute_error(free, data) < mean_absolute_error(held, data)
    again = fit(data, data, QUICK)
    assert (values(again, data.features) == values(free, data.features)).all()


def test_the_shipped_configs_load():
    for name in ("nitta-value", "nitta-value-better", "nitta-value-online", "nitta-guide"):
        assert load(Path(__file__).parents[2] / "configs" / f"{name}.yaml")


def test_no_model_is_told(tmp_path):
    with pytest.raises(ModelError):
        model_scores(tmp_path)
