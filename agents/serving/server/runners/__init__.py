"""What runs a model of each back end."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

from gymcc.agents.serving.server.errors import BAD_BACKEND, BAD_DEVICE, CommandError
from gymcc.agents.serving.server.runners.base import Runner
from gymcc.agents.serving.server.values import Model

Loader = Callable[[Model, int], Runner]
BACKENDS = {"ONNX": "onnxruntime", "TORCH": "torch", "TF": "tensorflow"}
MODULES = {"ONNX": "onnx", "TORCH": "torch", "TF": "tensorflow"}
CODE = frozenset({"TORCH"})  # back ends whose models may do anything


def check(backend: str, device: str) -> None:
    """Raise :class:`CommandError` unless the back end is here and the device is written as one."""
    if backend not in BACKENDS:
        raise CommandError(f"{BAD_BACKEND}; allowed are {', '.join(BACKENDS)}")
    if find_spec(BACKENDS[backend]) is None:
        raise CommandError(f"{BAD_BACKEND} {backend}: this server lacks the Python package {BACKENDS[backend]}")
    kind, _, number = device.partition(":")
    if kind not in ("CPU", "GPU") or (":" in device and not (number.isdecimal() and len(number) < 4)):
        raise CommandError(f"{BAD_DEVICE}; allowed are CPU, GPU and GPU:number")


def load(model: Model, threads: int) -> Runner:
    """Compile a model, which takes milliseconds to minutes; raises :class:`CommandError`."""
    module = import_module(f"{__name__}.{MODULES[model.backend]}")
    runner: Runner = module.load(model, threads)
    return runner


def gpu(device: str, count: int, backend: str) -> int | None:
    """The number of the GPU meant by a device, None for the CPU; raises :class:`CommandError` if it is not there."""
    kind, _, number = device.partition(":")
    if kind == "CPU":
        return None
    index = int(number or 0)
    if index >= count:
        raise CommandError(
            f"{BAD_DEVICE} {device}: {backend} sees {count or 'no'} GPU{'s' * (count > 1)} on this server"
        )
    return index
