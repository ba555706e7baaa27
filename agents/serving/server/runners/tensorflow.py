"""TensorFlow: frozen graphs, whose inputs and outputs are named when the model is stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from gymcc.agents.serving.server.errors import CommandError, one_line
from gymcc.agents.serving.server.runners import gpu
from gymcc.agents.serving.server.values import Array, Model


class TensorFlowRunner:
    """A frozen graph from its inputs to its outputs, on a device."""

    def __init__(self, function: Any, inputs: int, device: str) -> None:
        self._function = function
        self._inputs = inputs
        self._device = device

    def run(self, arrays: Sequence[Array]) -> Sequence[Array]:
        if len(arrays) != self._inputs:
            raise CommandError(f"ERR the model has {self._inputs} inputs, INPUTS names {len(arrays)}")
        with tf.device(self._device):
            return [output.numpy() for output in self._function(*map(tf.constant, arrays))]


def load(model: Model, threads: int) -> TensorFlowRunner:
    """Compile; raises :class:`CommandError`."""
    index = gpu(model.device, len(tf.config.list_physical_devices("GPU")), "TF")
    if not model.inputs or not model.outputs:
        raise CommandError("ERR Insufficient arguments, INPUTS and OUTPUTS of a TF model are named when it is stored")
    inputs, outputs = ([_tensor(name) for name in names] for names in (model.inputs, model.outputs))
    try:
        graph = tf.compat.v1.GraphDef()
        graph.ParseFromString(model.blob)
        wrapped = tf.compat.v1.wrap_function(lambda: tf.compat.v1.import_graph_def(graph, name=""), [])
        find = wrapped.graph.as_graph_element
        function = wrapped.prune([find(name) for name in inputs], [find(name) for name in outputs])
    except Exception as error:  # protobuf's and TensorFlow's classes
        raise CommandError(f"ERR the model is not a frozen graph that can be run: {one_line(error)}") from error
    return TensorFlowRunner(function, len(inputs), "/CPU:0" if index is None else f"/GPU:{index}")


def _tensor(name: bytes) -> str:
    """The first output of a node, which is what its bare name means."""
    text = name.decode("utf-8", "replace")
    return text if ":" in text else f"{text}:0"
