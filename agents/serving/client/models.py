"""Models: store, run, look for, get, delete; on one device or a copy on each of several."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from contextlib import suppress
from math import ceil, inf
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gymcc.agents.serving.client.connection import Command
from gymcc.agents.serving.client.errors import ServingError
from gymcc.agents.serving.client.session import listed
from gymcc.agents.serving.client.tensors import TensorMethods, parse_tensor, tensor_get, tensor_set
from gymcc.agents.serving.protocol import names
from gymcc.agents.serving.protocol.address import Address, Settings
from gymcc.agents.serving.protocol.resp import Part

Names = str | Sequence[str] | None
BACKENDS = ("ONNX", "TORCH", "TF", "TFLITE")
_DEVICE = re.compile(r"(CPU|GPU)(:[0-9]+)?")
FAREWELL = 1.0  # seconds for tidying up when a client is closed
_LONGEST = 60_000_000  # ms that a model may run where nothing else is said


class ModelMethods(TensorMethods):
    """A client's methods for models."""

    _chunk_size = 0  # bytes of a model in one argument; 0: as the server is configured

    def __init__(self, address: Address, settings: Settings) -> None:
        super().__init__(address, settings)
        self._scratch_keys: set[str] = set()

    def set_model(
        self,
        name: str,
        model: bytes,
        backend: str,
        device: str = "CPU",
        batch_size: int = 0,
        min_batch_size: int = 0,
        min_batch_timeout: int = 0,
        tag: str = "",
        inputs: Names = None,
        outputs: Names = None,
    ) -> None:
        """Store ``model``, the contents of its file. ``inputs`` and ``outputs`` name the nodes of a TF model.

        Requests are run in batches of up to ``batch_size`` (0: one by one), after waiting for ``min_batch_size`` of
        them for at most ``min_batch_timeout`` milliseconds.
        """
        options = _options(backend, device, (batch_size, min_batch_size, min_batch_timeout), tag, inputs, outputs)
        key = self._model_key(self._written("model"), name)
        with self._operation():
            self._call("AI.MODELSTORE", key, *options, "BLOB", *self._chunks(model))

    def set_model_from_file(self, name: str, model_file: str | Path, *args: Any, **options: Any) -> None:
        """:meth:`set_model` of a file's contents; further arguments are those of that method."""
        self.set_model(name, Path(model_file).read_bytes(), *args, **options)

    def set_model_multigpu(
        self, name: str, model: bytes, backend: str, first_gpu: int, num_gpus: int, *args: Any, **options: Any
    ) -> None:
        """:meth:`set_model` on each of ``num_gpus`` devices from ``GPU:first_gpu``, and on ``GPU``."""
        with self._operation():
            for gpu in gpus(first_gpu, num_gpus):
                self.set_model(names.gpu_key(name, gpu), model, backend, f"GPU:{gpu}", *args, **options)
            self.set_model(name, model, backend, "GPU", *args, **options)

    def set_model_from_file_multigpu(self, name: str, model_file: str | Path, *args: Any, **options: Any) -> None:
        """:meth:`set_model_multigpu` of a file's contents."""
        self.set_model_multigpu(name, Path(model_file).read_bytes(), *args, **options)

    def get_model(self, name: str) -> bytes:
        """The contents of the model's file; raises :class:`.errors.UnknownKey`."""
        reply = self._call("AI.MODELGET", self._model_key(self._read("model"), name), "BLOB")
        return b"".join(reply) if isinstance(reply, list) else bytes(reply)

    def run_model(self, name: str, inputs: Names = None, outputs: Names = None) -> None:
        """Run a model on tensors ``inputs``, and store what comes out under ``outputs``."""
        with self._operation():
            self._call(*self._execution(name, inputs, outputs))

    def infer(self, name: str, inputs: Sequence[ArrayLike], outputs: int = 1) -> list[NDArray[Any]]:
        """The ``outputs`` first outputs of a model for arrays ``inputs``: put, run and get in one write.

        Beyond SmartRedis, whose three methods wait for the server thrice. The tensors have names of their own, and the
        server keeps the latest until the client is closed.
        """
        key = self._model_key(self._read("model"), name)
        ins, outs = self._scratch("i", len(inputs)), self._scratch("o", outputs)
        commands: list[Command] = [tensor_set(i, np.asarray(data)) for i, data in zip(ins, inputs, strict=True)]
        commands.append(("AI.MODELEXECUTE", key, "INPUTS", len(ins), *ins, "OUTPUTS", outputs, *outs))
        replies = self._pipeline([*commands, *map(tensor_get, outs)])
        return [parse_tensor(reply) for reply in replies[-outputs:]]

    def run_model_multigpu(
        self, name: str, offset: int, first_gpu: int, num_gpus: int, inputs: Names = None, outputs: Names = None
    ) -> None:
        """:meth:`run_model` with the copy on device ``first_gpu + offset % num_gpus``."""
        self.run_model(names.gpu_key(name, gpu_of(offset, first_gpu, num_gpus)), inputs, outputs)

    def model_exists(self, name: str) -> bool:
        """Whether there is a model, script or anything else under that name."""
        return self.key_exists(_key(self._model_key(self._read("model"), name)))

    def poll_model(self, name: str, poll_frequency_ms: int, num_tries: int) -> bool:
        """Whether the model was there in one of several looks."""
        return self._poll(lambda: self.model_exists(name), poll_frequency_ms, num_tries)

    def delete_model(self, name: str) -> None:
        """Delete a model; raises :class:`.errors.UnknownKey`."""
        self._call("AI.MODELDEL", self._model_key(self._read("model"), name))

    def delete_model_multigpu(self, name: str, first_gpu: int, num_gpus: int) -> None:
        """Delete a model's copies on ``num_gpus`` devices from ``GPU:first_gpu``, and on ``GPU``."""
        with self._operation():
            for gpu in gpus(first_gpu, num_gpus):
                self.delete_model(names.gpu_key(name, gpu))
            self.delete_model(name)

    def set_model_chunk_size(self, chunk_size: int) -> None:
        """Have models sent, and the server give them, in arguments of at most ``chunk_size`` bytes."""
        if chunk_size < 1:
            raise ValueError(f"a chunk has one byte at least, got {chunk_size}")
        self._call("AI.CONFIG", "MODEL_CHUNK_SIZE", chunk_size)
        self._chunk_size = chunk_size

    def _chunks(self, model: bytes) -> list[bytes | memoryview]:
        if not model:
            raise ValueError("a model has one byte at least")
        size = self._chunk_size or self._expect(int, "AI.CONFIG", "GET", "MODEL_CHUNK_SIZE")
        return [memoryview(model)[start : start + size] for start in range(0, len(model), size)]

    def _scratch(self, letter: str, count: int) -> list[str]:
        """Keys for tensors that nobody else uses: another client has another connection, and so has a forked child."""
        if count < 1:
            raise ValueError(f"a model has one {'input' if letter == 'i' else 'output'} at least, got {count}")
        keys = [f"{names.SCRATCH}{self._connection.identity()}.{letter}{i}" for i in range(count)]
        self._scratch_keys.update(keys)
        return keys

    def _forget_scratch(self) -> None:
        """Have the server drop them, if it is there to."""
        own = f"{names.SCRATCH}{self._connection.identity()}."
        keys = [key for key in self._scratch_keys if key.startswith(own)]  # not those of the process forked from
        self._scratch_keys.clear()
        if keys and self._connection.is_open():
            with suppress(ServingError), self.within(FAREWELL):
                self._call("DEL", *keys)

    def _execution(self, name: str, inputs: Names, outputs: Names) -> list[Part]:
        reads = [self._read_tensor(item) for item in listed(inputs)]
        writes = [self._written_tensor(item) for item in listed(outputs)]
        key = self._model_key(self._read("model"), name)
        command: list[Part] = ["AI.MODELEXECUTE", key, "INPUTS", len(reads), *reads, "OUTPUTS", len(writes), *writes]
        return [*command, "TIMEOUT", self._milliseconds()]

    def _milliseconds(self) -> int:
        """For which the server may work: no longer than somebody waits for it."""
        seconds = min(self._settings.model_timeout, self._limit.until - time.monotonic())
        return _LONGEST if seconds == inf else max(1, min(ceil(seconds * 1e3), _LONGEST))


def _options(
    backend: str, device: str, batch: tuple[int, int, int], tag: str, inputs: Names, outputs: Names
) -> list[Part]:
    if backend not in BACKENDS:
        raise ValueError(f"unknown backend {backend!r}; allowed: {', '.join(BACKENDS)}")
    check_device(device)
    options: list[Part] = [backend, device, *(("TAG", tag) if tag else ())]
    for word, number in zip(("BATCHSIZE", "MINBATCHSIZE", "MINBATCHTIMEOUT"), batch, strict=True):
        if number < 0:
            raise ValueError(f"{word} is not negative, got {number}")
        if number:
            options += (word, number)
    for word, nodes in (("INPUTS", listed(inputs)), ("OUTPUTS", listed(outputs))):
        if nodes and backend != "TF":
            raise ValueError(f"{word} are named for TF models only, {backend} models name theirs themselves")
        if nodes:
            options += (word, len(nodes), *nodes)
    return options


def check_device(device: str) -> None:
    """Raise ValueError unless ``device`` is one."""
    if not _DEVICE.fullmatch(device):
        raise ValueError(f"unknown device {device!r}; allowed: CPU, GPU, GPU:n")


def gpus(first: int, count: int) -> range:
    """``count`` devices from ``first``; raises ValueError."""
    if first < 0 or count < 1:
        raise ValueError(f"one GPU at least, from 0 up; got {count} from {first}")
    return range(first, first + count)


def gpu_of(offset: int, first: int, count: int) -> int:
    """The device that request number ``offset`` goes to; raises ValueError."""
    return gpus(first, count)[offset % count]


def _key(part: Part) -> str | bytes:
    assert isinstance(part, (str, bytes))
    return part
