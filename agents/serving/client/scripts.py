"""Scripts: functions on tensors that the server runs; store, run, get, delete."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gymcc.agents.serving.client.models import ModelMethods, Names, check_device, gpu_of, gpus
from gymcc.agents.serving.client.session import listed, named
from gymcc.agents.serving.protocol import names


class ScriptMethods(ModelMethods):
    """A client's methods for scripts: functions on tensors, in the part of Python that TorchScript compiles."""

    def set_script(self, name: str, script: str, device: str = "CPU") -> None:
        """Store the source of a script."""
        check_device(device)
        self._call("AI.SCRIPTSET", self._model_key(self._written("model"), name), device, "SOURCE", script)

    def set_script_from_file(self, name: str, file: str | Path, device: str = "CPU") -> None:
        """:meth:`set_script` of a file's contents."""
        self.set_script(name, Path(file).read_text(), device)

    def set_function(self, name: str, function: Callable[..., Any], device: str = "CPU") -> None:
        """:meth:`set_script` of the source of a Python function."""
        self.set_script(name, _source(function), device)

    def set_script_multigpu(self, name: str, script: str, first_gpu: int, num_gpus: int) -> None:
        """:meth:`set_script` on each of ``num_gpus`` devices from ``GPU:first_gpu``, and on ``GPU``."""
        with self._operation():
            for gpu in gpus(first_gpu, num_gpus):
                self.set_script(names.gpu_key(name, gpu), script, f"GPU:{gpu}")
            self.set_script(name, script, "GPU")

    def set_script_from_file_multigpu(self, name: str, file: str | Path, first_gpu: int, num_gpus: int) -> None:
        """:meth:`set_script_multigpu` of a file's contents."""
        self.set_script_multigpu(name, Path(file).read_text(), first_gpu, num_gpus)

    def set_function_multigpu(self, name: str, function: Callable[..., Any], first_gpu: int, num_gpus: int) -> None:
        """:meth:`set_script_multigpu` of the source of a Python function."""
        self.set_script_multigpu(name, _source(function), first_gpu, num_gpus)

    def run_script(self, name: str, fn_name: str, inputs: Names, outputs: Names) -> None:
        """Call function ``fn_name`` of a script on tensors ``inputs``, and store what it returns under ``outputs``."""
        reads = [self._read_tensor(item) for item in listed(inputs)]
        writes = [self._written_tensor(item) for item in listed(outputs)]
        key = self._model_key(self._read("model"), name)
        self._call("AI.SCRIPTRUN", key, named(fn_name), "INPUTS", *reads, "OUTPUTS", *writes)

    def run_script_multigpu(
        self, name: str, fn_name: str, inputs: Names, outputs: Names, offset: int, first_gpu: int, num_gpus: int
    ) -> None:
        """:meth:`run_script` with the copy on device ``first_gpu + offset % num_gpus``."""
        self.run_script(names.gpu_key(name, gpu_of(offset, first_gpu, num_gpus)), fn_name, inputs, outputs)

    def get_script(self, name: str) -> str:
        """The source of a script; raises :class:`.errors.UnknownKey`."""
        return self._expect(bytes, "AI.SCRIPTGET", self._model_key(self._read("model"), name), "SOURCE").decode()

    def delete_script(self, name: str) -> None:
        """Delete a script; raises :class:`.errors.UnknownKey`."""
        self._call("AI.SCRIPTDEL", self._model_key(self._read("model"), name))

    def delete_script_multigpu(self, name: str, first_gpu: int, num_gpus: int) -> None:
        """Delete a script's copies on ``num_gpus`` devices from ``GPU:first_gpu``, and on ``GPU``."""
        with self._operation():
            for gpu in gpus(first_gpu, num_gpus):
                self.delete_script(names.gpu_key(name, gpu))
            self.delete_script(name)


def _source(function: Callable[..., Any]) -> str:
    if not inspect.isfunction(function):
        raise ValueError(f"a function with a source is needed, got {function!r:.60}")
    return inspect.getsource(function)
