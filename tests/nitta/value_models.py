"""Value models whose numbers are known: a weighted sum of features."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save


def write_linear(folder: Path, weights: Mapping[str, float], **card: object) -> Path:
    """A model that gives the sum of ``weights`` times features."""
    folder.mkdir(parents=True)
    matrix = np.array([[weight] for weight in weights.values()], np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["features", "weights"], ["column"]),
            helper.make_node("Squeeze", ["column", "axes"], ["values"]),
        ],
        "linear",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["options", len(weights)])],
        [helper.make_tensor_value_info("values", TensorProto.FLOAT, ["options"])],
        [numpy_helper.from_array(matrix, "weights"), numpy_helper.from_array(np.array([1]), "axes")],
    )
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / "value.onnx")
    (folder / "value.json").write_text(json.dumps({"schema": 1, "columns": list(weights), **card}))
    return folder
