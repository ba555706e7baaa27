"""The network that is asked: a multi-layer perceptron as ONNX, encoded here so that the package onnx is not needed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

SMALL = (128, 256, 64)  # of a policy: 49,000 weights
WIDE = (128, 2048, 2048, 64)  # 4.6 million, which a batch of one fetches as often as a batch of 64
FLOAT = 1  # TensorProto.DataType
IR_VERSION, OPSET = 8, 13
# Numbers of fields in onnx.proto; varints are wire type 0, all else is 2, "length and bytes".
MODEL_IR, MODEL_GRAPH, MODEL_OPSET, OPSET_VERSION = 1, 7, 8, 2
GRAPH_NODE, GRAPH_NAME, GRAPH_INITIALIZER, GRAPH_INPUT, GRAPH_OUTPUT = 1, 2, 5, 11, 12
NODE_INPUT, NODE_OUTPUT, NODE_OPERATOR = 1, 2, 4
TENSOR_DIMS, TENSOR_TYPE, TENSOR_NAME, TENSOR_RAW = 1, 2, 8, 9
VALUE_NAME, VALUE_TYPE, TYPE_TENSOR, TENSOR_ELEMENT, TENSOR_SHAPE = 1, 2, 1, 1, 2
SHAPE_DIM, DIM_VALUE, DIM_NAME = 1, 1, 2


def mlp(layers: Sequence[int], seed: int = 0) -> bytes:
    """A model ``x`` [batch, layers[0]] float32 to ``y`` [batch, layers[-1]], ReLU between, with random weights."""
    rng, graph, value = np.random.default_rng(seed), _bytes(GRAPH_NAME, b"mlp"), "x"
    last = len(layers) - 2
    for i, (wide, out) in enumerate(pairwise(layers)):
        weights = (rng.standard_normal((wide, out)) / wide**0.5).astype("<f4")
        graph += _bytes(GRAPH_INITIALIZER, _tensor(f"w{i}", weights))
        graph += _bytes(GRAPH_INITIALIZER, _tensor(f"b{i}", rng.standard_normal(out).astype("<f4")))
        graph += _node("Gemm", [value, f"w{i}", f"b{i}"], "y" if i == last else f"h{i}")
        if i < last:
            graph += _node("Relu", [f"h{i}"], f"r{i}")
        value = f"r{i}"
    graph += _bytes(GRAPH_INPUT, _value("x", layers[0])) + _bytes(GRAPH_OUTPUT, _value("y", layers[-1]))
    opset = _bytes(MODEL_OPSET, _number(OPSET_VERSION, OPSET))
    return _number(MODEL_IR, IR_VERSION) + opset + _bytes(MODEL_GRAPH, graph)


def _node(operator: str, inputs: Sequence[str], output: str) -> bytes:
    named = b"".join(_bytes(NODE_INPUT, name.encode()) for name in inputs)
    return _bytes(GRAPH_NODE, named + _bytes(NODE_OUTPUT, output.encode()) + _bytes(NODE_OPERATOR, operator.encode()))


def _tensor(name: str, data: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> bytes:
    dims = b"".join(_number(TENSOR_DIMS, size) for size in data.shape)
    return dims + _number(TENSOR_TYPE, FLOAT) + _bytes(TENSOR_NAME, name.encode()) + _bytes(TENSOR_RAW, data.tobytes())


def _value(name: str, width: int) -> bytes:
    """A tensor [batch, width]."""
    shape = _bytes(SHAPE_DIM, _bytes(DIM_NAME, b"batch")) + _bytes(SHAPE_DIM, _number(DIM_VALUE, width))
    kind = _number(TENSOR_ELEMENT, FLOAT) + _bytes(TENSOR_SHAPE, shape)
    return _bytes(VALUE_NAME, name.encode()) + _bytes(VALUE_TYPE, _bytes(TYPE_TENSOR, kind))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    coded = bytearray()
    while value > 127:
        coded.append(value & 127 | 128)
        value >>= 7
    return bytes([*coded, value])
