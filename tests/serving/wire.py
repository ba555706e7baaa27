"""Requests and replies as bytes, without the client of this suite; and small models."""

from __future__ import annotations

import io
import socket

import hiredis
import numpy as np

from gymcc.agents.serving.protocol.resp import encode_command


class Wire:
    """A connection that sends what it is told."""

    def __init__(self, address: str, timeout: float = 30):
        if address.startswith("unix://"):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(address.removeprefix("unix://"))
        else:
            host, port = address.rsplit(":", 1)
            self.socket = socket.create_connection((host, int(port)), timeout)
        self.reader = hiredis.Reader()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, raw: bytes) -> None:
        self.socket.sendall(raw)

    def receive(self):
        """The next reply; an error is returned, not raised. EOFError when the server has closed."""
        while (reply := self.reader.gets()) is False:
            data = self.socket.recv(1 << 16)
            if not data:
                raise EOFError
            self.reader.feed(data)
        return reply

    def __call__(self, *words):
        self.send(encode_command(*words))
        return self.receive()

    def error(self, *words) -> str:
        """The text of the error that a command must give."""
        reply = self(*words)
        assert isinstance(reply, hiredis.ReplyError), reply
        return str(reply)

    def put(self, key: str, array: np.ndarray):
        return self("AI.TENSORSET", key, names()[array.dtype.name], *array.shape, "BLOB", array.tobytes())

    def get(self, key: str) -> np.ndarray:
        _, name, _, shape, _, blob = self("AI.TENSORGET", key, "META", "BLOB")
        dtype = {value: key for key, value in names().items()}[name.decode()]
        return np.frombuffer(blob, dtype).reshape(shape)


def names() -> dict[str, str]:
    integers = {f"{sign}int{bits}": f"{sign.upper()}INT{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
    del integers["uint32"], integers["uint64"]
    return {"float32": "FLOAT", "float64": "DOUBLE", **integers}


def onnx_sum(rows: int | str = "B", columns: int | str = 3, scale: float = 2.0) -> bytes:
    """A network of inputs a, b float32 (rows, columns) and outputs a + b and scale * a."""
    from onnx import TensorProto, helper, numpy_helper

    def value(name: str):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, [rows, columns])

    graph = helper.make_graph(
        [helper.make_node("Add", ["a", "b"], ["sum"]), helper.make_node("Mul", ["a", "k"], ["scaled"])],
        "sum",
        [value("a"), value("b")],
        [value("sum"), value("scaled")],
        [numpy_helper.from_array(np.array(scale, np.float32), "k")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


def torch_module(source: str) -> bytes:
    """A TorchScript module whose ``forward`` is ``source``."""
    import torch

    scripted = torch.jit.script(type("Module", (torch.nn.Module,), {})())
    scripted.define(source)
    out = io.BytesIO()
    torch.jit.save(scripted, out)
    return out.getvalue()


SLOW = """
def forward(self, x: Tensor) -> Tensor:
    y = torch.eye(100)
    for i in range(int(x[0].item())):
        y = torch.tanh(y @ y)
    return x + 0 * y[0, 0]
"""  # takes x[0] times some 0.1 ms
