"""A guide scores NITTA's options by what the embedded model knows of them."""

from __future__ import annotations

import re
import shutil

import numpy as np
import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("fastapi")

from gymcc.agents.nitta_value.guide import CARD, SHIPPED, Guide, Outlook
from gymcc.agents.serving.nitta_ml.asked import Target
from gymcc.agents.serving.nitta_ml.guide_model import BEST, GuideModel
from gymcc.agents.serving.nitta_ml.store import Store, UnknownModel
from gymcc.agents.serving.nitta_ml.value_model import ModelError
from gymcc.envs.nitta.frontend import compile_lua
from gymcc.envs.nitta.tree import open_tree
from tests.nitta.recorded import DATA, read_trace

PROGRAMS = DATA / "programs"


def views(record: dict) -> list[dict]:
    """The recorded children of a node as NITTA posts them; of one that crashes it only has the number."""
    stem = record["sid"].rstrip("-")
    return [{"sid": f"{stem}-{child['index']}", **child} for child in record["children"] if not child.get("crashed")]


@pytest.mark.parametrize("name", ["relay", "digits", "clamp"])
def test_recorded_nodes_are_scored_in_the_order_of_the_guides_estimates(name):
    lua = PROGRAMS / f"{name}.lua"
    model, outlook = GuideModel.load(SHIPPED, Target(lua)), Outlook(Guide.load())
    tree = open_tree(compile_lua(lua.read_text()))
    asked = [r for r in read_trace(name) if r["record"] == "node" and views(r)][::7]
    assert len(asked) > 20
    for record in asked:
        shown = views(record)
        scores = model.scores(shown)
        estimates = outlook.estimates(tree.at(record["sid"]))
        wanted = [estimates[int(view["sid"].rpartition("-")[2])] for view in shown]
        assert all(-BEST < score <= 0 for score in scores)
        for worse, better in zip(np.argsort(scores)[:-1], np.argsort(scores)[1:], strict=True):
            assert wanted[worse] >= wanted[better]


def test_what_nitta_cannot_evaluate_is_not_worth_taking():
    crashed = next(r for r in read_trace("digits") if r["record"] == "node" and r["crashed"])
    node = open_tree(compile_lua((PROGRAMS / "digits.lua").read_text())).at(crashed["sid"])
    shown = [
        {"sid": f"{crashed['sid']}-{at}", "decision": {"tag": f"{option.kind}View"}}
        for at, option in enumerate(node.options)
    ]
    scores = GuideModel.load(SHIPPED, Target(PROGRAMS / "digits.lua")).scores(shown)
    assert [score == -BEST for score in scores] == [bool(child.get("crashed")) for child in crashed["children"]]


def test_a_guide_needs_the_program_and_says_why():
    with pytest.raises(ModelError, match=r"--program.*its request tells of options"):
        Store()["nitta-guide"]


def test_the_shipped_guide_is_there_unless_the_folder_has_one_of_its_name(tmp_path):
    target = Target(PROGRAMS / "relay.lua", number_type="fx24.32")
    assert Store().names() == ["nitta-guide"]
    assert Store(None, target)["nitta-guide"].train_mae is None
    shutil.copytree(SHIPPED, tmp_path / "mine")
    (tmp_path / "nitta-guide").mkdir()
    own = Store(tmp_path, target)
    assert own.names() == ["mine", "nitta-guide"]
    shown = views(next(r for r in read_trace("relay") if r["record"] == "node"))
    assert own["mine"].scorer.scores(shown) == Store(None, target)["nitta-guide"].scorer.scores(shown)
    with pytest.raises(ModelError, match="no model here"):
        own["nitta-guide"]
    with pytest.raises(UnknownModel, match="there are mine, nitta-guide"):
        own["other"]


def test_another_program_is_an_error():
    model = GuideModel.load(SHIPPED, Target(PROGRAMS / "swap2.lua"))
    with pytest.raises(ValueError, match="another program"):
        model.scores([{"sid": "-0", "decision": {"tag": "BreakLoopView"}}])
    with pytest.raises(ValueError, match="no child 999"):
        model.scores([{"sid": "-999-0", "decision": {"tag": "BreakLoopView"}}])
    first = {"sid": "-0-0", "decision": {"tag": f"{open_tree_of('swap2').options[0].kind}View"}}
    model.scores([first])
    with pytest.raises(ValueError, match="no child 99"):
        model.scores([{"sid": "-0-99-0", "decision": {"tag": "BreakLoopView"}}])


def open_tree_of(name: str):
    node = open_tree(compile_lua((PROGRAMS / f"{name}.lua").read_text()))
    return node.child(0)


def test_faults_of_the_files_are_told(tmp_path):
    with pytest.raises(ModelError, match=re.escape(CARD)):
        GuideModel.load(tmp_path, Target(PROGRAMS / "relay.lua"))
    with pytest.raises(ValueError, match=r"README.md: line"):
        GuideModel.load(SHIPPED, Target(DATA / "README.md"))
