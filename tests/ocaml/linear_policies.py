"""Small policies made by hand: scores linear in the observation."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from gymcc.agents.policy import Card
from gymcc.envs.core.making import make_bare

ILLEGAL = -1e9


def write_policy(folder, weights=None, bias=None, observation="default", env="ocaml-inline-v0", **options):
    """A policy of ``scores = observation @ weights + bias``; ``weights``: by name of a number, one for each action."""
    made = make_bare(env, {})
    observe = made.observations[observation]
    size = int(np.prod(observe.space.shape))
    bias = np.zeros(made.problem.n_actions) if bias is None else bias
    matrix = np.zeros((size, len(bias)), np.float32)
    for name, row in (weights or {}).items():
        matrix[observe.names.index(name)] = row
    actions = [made.problem.describe(action) for action in range(made.problem.n_actions)]
    card = Card(
        env=env, options=options, observation=observation, observation_size=size, actions=actions, versions={},
        algorithm={"name": "by hand"}, network={"kind": "linear"}, env_steps=0, validation={}, gymcc="0",
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    card.write(folder / "policy.json")
    onnx.save(_model(matrix, np.array(bias, np.float32)), str(folder / "policy.onnx"))
    return folder / "policy.onnx"


def _model(matrix, bias):
    size, actions = matrix.shape
    constants = {"w": matrix, "b": bias, "none": np.float32(0.5), "low": np.float32(ILLEGAL)}
    nodes = [
        helper.make_node("Gemm", ["observations", "w", "b"], ["raw"]),
        helper.make_node("Greater", ["action_mask", "none"], ["legal"]),
        helper.make_node("Where", ["legal", "raw", "low"], ["scores"]),
    ]

    def value(name, width):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", width])

    inputs = [value("observations", size), value("action_mask", actions)]
    stored = [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, "linear", inputs, [value("scores", actions)], stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
