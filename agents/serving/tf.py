"""TensorFlow models for the server, by SmartSim's name: ``smartsim.tf`` is this module. Needs TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def freeze_model(model: Any, output_dir: str | Path, file_name: str) -> tuple[str, list[str], list[str]]:
    """Write a Keras model as a frozen graph; the file, and the names of inputs and outputs that ``set_model`` wants.

    Raises ValueError for a model that is not built yet, so that nobody knows what it takes.
    """
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    if not getattr(model, "inputs", None):
        raise ValueError("a model without inputs cannot be frozen: build it first, or give it an Input layer")
    wanted = [tf.TensorSpec(each.shape, each.dtype) for each in model.inputs]

    def call(*arrays: Any) -> Any:
        return model(arrays[0] if len(arrays) == 1 else list(arrays), training=False)

    function = tf.function(call, input_signature=wanted, autograph=False)
    frozen = convert_variables_to_constants_v2(function.get_concrete_function())
    path = Path(output_dir) / file_name
    path.write_bytes(frozen.graph.as_graph_def().SerializeToString())
    return str(path), [each.op.name for each in frozen.inputs], [each.op.name for each in frozen.outputs]
