"""What runs a model of each back end."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

from gymcc.agents.serving.server.errors import BAD_BACKEND, BAD_DEVICE, CommandError
from gymcc.agents.serving.server.limits import Settings
from gymcc.agents.serving.server.runners.base import Runner
from gymcc.agents.serving.server.values import Model

Loader = Callable[[Model, int], Runner]
BACKENDS = {"ONNX": "onnxruntime", "TORCH": "torch", "TF": "tensorflow"}
MODULES = {"ONNX": "onnx", "TORCH": "torch", "TF": "tensorflow"}
CODE = frozenset({"TORCH", "TF"})  # back ends whose models may do anything


def installed(settings: Settings) -> list[str]:
    """The back ends that a server may use and has."""
    code = CODE if not settings.allow_code else frozenset()
    return [name for name in settings.backends if name not in code and find_spec(BACKENDS[name]) is not None]


def preload(settings: Settings) -> None:
    """Import the back ends, which takes seconds that no client should wait for."""
    for name in installed(settings):
        import_module(f"{__name__}.{MODULES[name]}")


def check(backend: str, device: str, settings: Settings) -> None:
    """Raise :class:`CommandError` unless the back end is here and the device is written as one."""
    if backend not in settings.backends:
        raise CommandError(f"{BAD_BACKEND}; this server has {', '.join(installed(settings))}")
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
