"""Native back end: x86-64 machine code for loop nests, executable memory, and timing."""

from gymcc.envs.looptune.backends.native.cpu import detect, require, supported
from gymcc.envs.looptune.backends.native.errors import CompileError, UnsupportedCPU, WrongKernel
from gymcc.envs.looptune.backends.native.kernel import Kernel, compile_nest

__all__ = ["CompileError", "Kernel", "UnsupportedCPU", "WrongKernel", "compile_nest", "detect", "require", "supported"]
