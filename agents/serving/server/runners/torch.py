"""TorchScript by torch: models, and scripts."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import Any

import torch

from gymcc.agents.serving.server.errors import CommandError, one_line
from gymcc.agents.serving.server.runners import gpu
from gymcc.agents.serving.server.values import Array, Model, Script


class TorchRunner:
    """A TorchScript module on a device. Tensors are copied, for a model may write into its inputs."""

    def __init__(self, function: Any, device: Any) -> None:
        self._function = function
        self._device = device

    def run(self, arrays: Sequence[Array]) -> Sequence[Array]:
        with torch.inference_mode():
            return arrays_of(self._function(*(tensor_of(array, self._device) for array in arrays)))


class TorchScript:
    """A compiled script on a device."""

    def __init__(self, script: Script) -> None:
        self._device = device_of(script.device)
        try:
            self._unit = torch.jit.CompilationUnit(script.source.decode())
        except Exception as error:  # the compiler's classes are many
            raise CommandError(f"ERR the script cannot be compiled: {one_line(error)}") from error
        self._entries = script.entries
        for entry in script.entries:
            self._function(entry)

    def run(
        self, name: bytes, arrays: Sequence[Array], keys: Sequence[bytes], texts: Sequence[bytes]
    ) -> Sequence[Array]:
        """Call a function. One of an entry point takes the lists of tensors, keys and arguments, any other tensors."""
        function = self._function(name)
        tensors = [tensor_of(array, self._device) for array in arrays]
        with torch.inference_mode():
            if self._entries:
                lists = [[text.decode() for text in words] for words in (keys, texts)]
                return arrays_of(function(tensors, *lists))
            if _is_variadic(function):
                return arrays_of(function(tensors))
            return arrays_of(function(*tensors))

    def _function(self, name: bytes) -> Any:
        function = self._unit.find_function(name.decode("utf-8", "replace"))
        if function is None or (self._entries and name not in self._entries):
            known = b", ".join(self._entries).decode("utf-8", "replace")
            hint = f"; its entry points are {known}" if known else ""
            raise CommandError(f"ERR Function does not exist: {name.decode('utf-8', 'replace')[:80]}{hint}")
        return function


def load(model: Model, threads: int) -> TorchRunner:
    """Compile; raises :class:`CommandError`."""
    device = device_of(model.device)
    torch.set_num_threads(max(1, threads))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # TorchScript is deprecated, and still what clients send
            module = torch.jit.load(  # type: ignore[no-untyped-call]
                io.BytesIO(model.blob), map_location=device
            )
    except Exception as error:  # torch raises RuntimeError and others
        raise CommandError(f"ERR the model is not TorchScript that can be run: {one_line(error)}") from error
    module.eval()
    return TorchRunner(module, device)


def device_of(name: str) -> Any:
    """The device meant by CPU, GPU or GPU:1; raises :class:`CommandError`."""
    index = gpu(name, torch.cuda.device_count() if torch.cuda.is_available() else 0, "TORCH")
    return torch.device("cpu") if index is None else torch.device("cuda", index)


def tensor_of(array: Array, device: Any) -> Any:
    """A copy on the device."""
    return torch.from_numpy(array.copy()).to(device)


def arrays_of(result: Any) -> list[Array]:
    """The tensors that a function returned, one or several."""
    several = result if isinstance(result, list | tuple) else [result]
    if not all(isinstance(item, torch.Tensor) for item in several):
        names = ", ".join(type(item).__name__ for item in several)
        raise CommandError(f"ERR a tensor or several were expected as the result, got {names}")
    return [item.cpu().contiguous().numpy() for item in several]


def _is_variadic(function: Any) -> bool:
    """Whether a function takes one list of tensors."""
    arguments = function.schema.arguments
    return len(arguments) == 1 and str(arguments[0].type) == "List[Tensor]"
