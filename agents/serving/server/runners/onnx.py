"""ONNX by onnxruntime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import onnxruntime

from gymcc.agents.serving.server.errors import BAD_DEVICE, CommandError, one_line
from gymcc.agents.serving.server.runners import gpu
from gymcc.agents.serving.server.values import Array, Model

CUDA = "CUDAExecutionProvider"


class OnnxRunner:
    """An inference session; inputs and outputs in the model's order, or as named when it was stored."""

    def __init__(self, session: Any, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        # The session's own `run` looks names up anew each time, a microsecond in eight; they were checked here.
        self._run = getattr(session, "_sess", session).run
        self._inputs = list(inputs)
        self._outputs = list(outputs)

    def run(self, arrays: Sequence[Array]) -> Sequence[Array]:
        if len(arrays) != len(self._inputs):
            raise CommandError(f"ERR the model has {len(self._inputs)} inputs, INPUTS names {len(arrays)}")
        outputs: Sequence[Array] = self._run(self._outputs, dict(zip(self._inputs, arrays, strict=False)), None)
        return outputs


def load(model: Model, threads: int) -> OnnxRunner:
    """Compile; raises :class:`CommandError`."""
    providers: list[Any] = ["CPUExecutionProvider"]
    found = CUDA in onnxruntime.get_available_providers()
    index = gpu(model.device, _gpus() if found else 0, "ONNX")
    if index is not None:
        providers.insert(0, (CUDA, {"device_id": index}))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(model.blob, options, providers=providers)
    except Exception as error:  # onnxruntime raises a dozen classes of its own
        raise CommandError(f"ERR the model is not ONNX that can be run: {one_line(error)}") from error
    if index is not None and CUDA not in session.get_providers():  # it would take the CPU without a word
        raise CommandError(f"{BAD_DEVICE} {model.device}: onnxruntime cannot use CUDA on this server")
    return OnnxRunner(
        session,
        _chosen(model.inputs, [item.name for item in session.get_inputs()], "INPUTS"),
        _chosen(model.outputs, [item.name for item in session.get_outputs()], "OUTPUTS"),
    )


def _chosen(given: Sequence[bytes], known: list[str], what: str) -> list[str]:
    names = [name.decode("utf-8", "replace") for name in given]
    if unknown := sorted(set(names) - set(known)):
        raise CommandError(f"ERR {what} {', '.join(unknown)} of the model do not exist; it has {', '.join(known)}")
    return names or known


def _gpus() -> int:
    """How many GPUs the driver shows."""
    from pathlib import Path

    return len(list(Path("/proc/driver/nvidia/gpus").glob("*"))) or 1
