"""Native back end: x86-64 machine code for loop nests, executable memory, and timing."""

from gymcc.envs.looptune.backends.native.cpu import detect, require, supported
from gymcc.envs.looptune.backends.native.errors import CompileError, UnsupportedCPU, WrongKernel
from gymcc.envs.looptune.backends.native.kernel import Kernel, compile_nest
from gymcc.envs.looptune.backends.native.numpy_reference import numpy_seconds
from gymcc.envs.looptune.backends.native.timing import Reading, measure, peak_gflops

__all__ = [
    "CompileError",
    "Kernel",
    "Reading",
    "UnsupportedCPU",
    "WrongKernel",
    "compile_nest",
    "detect",
    "measure",
    "numpy_seconds",
    "peak_gflops",
    "require",
    "supported",
]
