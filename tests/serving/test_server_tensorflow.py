"""Frozen graphs of TensorFlow, where it is installed."""

from __future__ import annotations

import numpy as np
import pytest

from gymcc.agents.serving.server.errors import CommandError
from gymcc.agents.serving.server.values import Model

tf = pytest.importorskip("tensorflow")
A = np.arange(6, dtype=np.float32).reshape(2, 3)


def model(blob: bytes, device: str = "CPU", outputs: tuple[bytes, ...] = (b"sum", b"doubled")) -> Model:
    return Model("TF", device, blob, "", inputs=(b"x", b"y"), outputs=outputs)


@pytest.fixture(scope="module")
def frozen() -> bytes:
    graph = tf.Graph()
    with graph.as_default():
        x, y = (tf.compat.v1.placeholder(tf.float32, [None, 3], name=name) for name in "xy")
        tf.add(x, y, name="sum")
        tf.identity(2 * x, name="doubled")
    return graph.as_graph_def().SerializeToString()


def test_a_frozen_graph_is_run_between_the_nodes_that_were_named(frozen):
    from gymcc.agents.serving.server.runners.tensorflow import load

    total, doubled = load(model(frozen), 1).run([A, A + 1])
    assert (total == 2 * A + 1).all()
    assert (doubled == 2 * A).all()
    with pytest.raises(CommandError, match="has 2 inputs, INPUTS names 1"):
        load(model(frozen), 1).run([A])


def test_what_cannot_be_run_is_refused(frozen):
    from gymcc.agents.serving.server.runners.tensorflow import load

    for made, text in (
        (model(b"no graph"), "not a frozen graph"),
        (model(frozen, outputs=()), "are named when it is stored"),
        (model(frozen, outputs=(b"none",)), "does not exist"),
        (model(frozen, device="GPU:77"), "Invalid DEVICE GPU:77"),
    ):
        with pytest.raises(CommandError, match=text):
            load(made, 1)
