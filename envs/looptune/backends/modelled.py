"""The `model` back end: deterministic seconds of a documented nominal machine."""

from __future__ import annotations

from gymcc.envs.core.choices import choose
from gymcc.envs.core.problem import BackendError
from gymcc.envs.looptune.backends.model import peak_gflops, predict
from gymcc.envs.looptune.backends.walk import TARGETS
from gymcc.envs.looptune.state import Contraction, Nest


class Modelled:
    """Prices nests by :func:`gymcc.envs.looptune.backends.model.predict`; runs nothing."""

    name = "model"
    deterministic = True

    def __init__(self, isa: str) -> None:
        self.target = choose(TARGETS, isa, "isa")

    def seconds(self, nest: Nest) -> float:
        return predict(nest, self.target).seconds

    def careful(self) -> Modelled:
        return self

    def peak_flops(self) -> float:
        return peak_gflops(self.target) * 1e9

    def check(self, nest: Nest, seed: int) -> None:
        """Compile for whatever this CPU has and compare with numpy; nothing to run on a CPU without AVX2."""
        from gymcc.envs.looptune.backends.native import CompileError, UnsupportedCPU, WrongKernel, compile_nest

        try:
            compile_nest(nest).check(seed)
        except UnsupportedCPU:
            return
        except (CompileError, WrongKernel) as error:
            raise BackendError(str(error)) from error

    def reference(self, name: str, contraction: Contraction) -> float:
        raise ValueError(f"unknown reference {name!r}; the model back end runs nothing, so it has none")

    def versions(self) -> dict[str, str]:
        return {"backend": self.name, "isa": self.target.name}
