"""An exported policy scores NITTA's options as it would decide in the environment."""

from __future__ import annotations

import json
from dataclasses import asdict
from math import prod
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from onnx import TensorProto, helper, numpy_helper, save

from gymcc.agents.policy import Card, Policy
from gymcc.agents.serving.nitta_ml.asked import Target
from gymcc.agents.serving.nitta_ml.policy_model import REFUSED, PolicyModel
from gymcc.agents.serving.nitta_ml.store import Store
from gymcc.agents.serving.nitta_ml.value_model import ModelError
from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.core.making import make_bare
from gymcc.envs.nitta.frontend import compile_lua
from gymcc.envs.nitta.tree import open_tree
from tests.nitta.recorded import DATA, read_trace

ENV = "nitta-synthesis-v0"


def lua(name: str) -> Path:
    return DATA / "programs" / f"{name}.lua"


def environment(name: str) -> CompilerEnv:
    return make_bare(ENV, {"dataset": str(lua(name))})


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    """A folder with a policy of random weights."""
    env = environment("relay")
    size, actions = prod(env.observation_space.shape), env.problem.n_actions
    weights = np.random.default_rng(3).normal(size=(size, actions)).astype(np.float32)
    constants = {"weights": weights, "one": np.float32(1), "far": np.float32(1e9)}
    nodes = [
        helper.make_node("MatMul", ["observations", "weights"], ["raw"]),
        helper.make_node("Sub", ["action_mask", "one"], ["illegal"]),
        helper.make_node("Mul", ["illegal", "far"], ["penalty"]),
        helper.make_node("Add", ["raw", "penalty"], ["scores"]),
    ]
    shapes = {"observations": size, "action_mask": actions, "scores": actions}
    infos = {key: helper.make_tensor_value_info(key, TensorProto.FLOAT, ["batch", n]) for key, n in shapes.items()}
    tensors = [numpy_helper.from_array(np.asarray(value), key) for key, value in constants.items()]
    inputs, outputs = [infos["observations"], infos["action_mask"]], [infos["scores"]]
    graph = helper.make_graph(nodes, "policy", inputs, outputs, tensors)
    root = tmp_path_factory.mktemp("models")
    folder = root / "random"
    folder.mkdir()
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / "policy.onnx")
    names = [env.problem.describe(action) for action in range(actions)]
    card = Card(ENV, {}, "default", size, names, env.problem.versions(), {}, {}, 0, {}, "0")
    (folder / "policy.json").write_text(json.dumps(asdict(card)))
    return root


@pytest.mark.parametrize("name", ["swap2", "relay", "fir3"])
def test_following_the_scores_is_what_the_policy_does(models, name):
    model = PolicyModel.load(models / "random", Target(lua(name)))
    node = open_tree(compile_lua(lua(name).read_text()))
    followed = []
    while node.options:
        views = [
            {"sid": f"{node.sid.rstrip('-')}-{at}", "decision": {"tag": f"{option.kind}View"}, "parameters": {}}
            for at, option in enumerate(node.options)
        ]
        scores = model.scores(views)
        assert all(-20 <= score <= 0 for score in scores)
        assert np.isclose(sum(np.exp(score) for score in scores if score > -15), 1, atol=1e-4)
        if max(scores) == REFUSED:
            break
        followed.append(int(np.argmax(scores)))
        assert model.scores(views[-1:]) == scores[-1:]
        node = node.children[followed[-1]]
    assert followed == decided(Policy.load(models / "random"), environment(name))


def decided(policy: Policy, env: CompilerEnv) -> list[int]:
    """What the policy does in the environment."""
    observation, info = env.reset(seed=0)
    actions, ended = [], not info["action_mask"].any()
    while not ended:
        actions.append(policy.act(observation, info["action_mask"]))
        observation, _, terminated, truncated, info = env.step(actions[-1])
        ended = terminated or truncated
    return actions


def test_a_child_that_crashes_is_refused(models):
    crashed = next(r for r in read_trace("digits") if r["record"] == "node" and r["crashed"])
    node = open_tree(compile_lua(lua("digits").read_text())).at(crashed["sid"])
    views = [
        {"sid": f"{crashed['sid']}-{at}", "decision": {"tag": f"{option.kind}View"}}
        for at, option in enumerate(node.options)
    ]
    scores = PolicyModel.load(models / "random", Target(lua("digits"))).scores(views)
    assert [score == REFUSED for score in scores] == [bool(child.get("crashed")) for child in crashed["children"]]


@pytest.mark.parametrize(
    "views",
    [
        [{"sid": "-0", "decision": {"tag": "BreakLoopView"}}],
        [{"sid": "-999", "decision": {"tag": "GroupBindView"}}],
        [{"sid": "-0-999-0", "decision": {"tag": "GroupBindView"}}],
        [{"sid": "-", "decision": {"tag": "RootView"}}],
        [{"sid": "-0", "decision": {"tag": "GroupBindView"}}, {"sid": "-0-0", "decision": {"tag": "GroupBindView"}}],
    ],
)
def test_another_tree_is_an_error(models, views):
    with pytest.raises(ValueError, match=r"no child 999|is not one of|another program"):
        PolicyModel.load(models / "random", Target(lua("swap2"))).scores(views)


def test_a_policy_needs_the_program(models):
    with pytest.raises(ModelError, match="--program"):
        Store(models)["random"]
    model = Store(models, Target(lua("swap2"), number_type="fx24.32"))["random"]
    assert (model.train_mae, model.validation_mae) == (None, None)
    assert Store(models).names() == ["nitta-guide", "random"]


def test_a_policy_for_something_else(tmp_path):
    with pytest.raises(ModelError, match="not for NITTA"):
        PolicyModel(Policy.load("looptune-mm-dqn"), make_bare("looptune-mm-v0", {}))
