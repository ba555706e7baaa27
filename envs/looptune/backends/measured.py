"""The `native` back end: machine code, checked once against numpy, then timed."""

from __future__ import annotations

from gymcc.envs.core.problem import BackendError
from gymcc.envs.looptune.backends.native import (
    CompileError,
    UnsupportedCPU,
    WrongKernel,
    compile_nest,
    measure,
    numpy_seconds,
    peak_gflops,
    require,
    supported,
)
from gymcc.envs.looptune.backends.walk import TARGETS
from gymcc.envs.looptune.state import Contraction, Nest

ATTEMPTS = 5
CAREFUL = 0.05  # seconds that a reading which decides a comparison may wait for a quiet core
SLACK = 1.05  # a reading may exceed the known peak by this factor, since peak and kernel are timed apart


class Measured:
    """Prices nests by running them on this core; see the timing module for how clock drift is taken out."""

    name = "native"
    deterministic = False

    def __init__(self, isa: str, patience: float) -> None:
        if isa and TARGETS.get(isa) not in supported():
            names = ", ".join(each.name for each in supported()) or "neither avx512 nor avx2"
            raise UnsupportedCPU(f"the native back end was asked for {isa}; this CPU has {names}")
        self.target = TARGETS[isa] if isa else require()
        self.patience = patience

    def seconds(self, nest: Nest) -> float:
        try:
            kernel = compile_nest(nest, self.target)
            kernel.check()
        except (CompileError, WrongKernel) as error:
            raise BackendError(str(error)) from error
        for _ in range(ATTEMPTS):
            seconds = measure(kernel, self.patience).seconds
            if seconds * self.peak_flops() * SLACK >= nest.contraction.flops:  # the peak as seen by now
                return seconds
        raise BackendError(f"{ATTEMPTS} readings in a row beat the peak of the core: its clock is not to be trusted")

    def careful(self) -> Measured:
        return Measured(self.target.name, CAREFUL)

    def peak_flops(self) -> float:
        return peak_gflops(self.target) * 1e9

    def check(self, nest: Nest, seed: int) -> None:
        try:
            compile_nest(nest, self.target).check(seed)
        except (CompileError, WrongKernel) as error:
            raise BackendError(str(error)) from error

    def reference(self, name: str, contraction: Contraction) -> float:
        if name != "numpy":
            raise ValueError(f"unknown reference {name!r}; allowed: numpy")
        return numpy_seconds(contraction)

    def versions(self) -> dict[str, str]:
        return {"backend": self.name, "isa": self.target.name}
