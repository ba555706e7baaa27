"""LLVM through llvmlite: IR text to x86-64 assembly."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import version
from types import ModuleType
from typing import Any

from gymcc.envs.core.problem import BackendError

TRIPLE = "x86_64-unknown-linux-gnu"
CPU = "x86-64-v3"  # has AVX, as RyuJIT uses it; not the host's own model, so that scores are the same everywhere
OPTIMISATION = 2  # for the greedy register allocator; what else -O2 does, optnone holds back


def binding() -> ModuleType:
    """``llvmlite.binding``; raises BackendError saying how to install it."""
    try:
        return import_module("llvmlite.binding")
    except ImportError as error:
        raise BackendError(f"the llvm back end needs llvmlite: pip install gymcc[llvm] ({error})") from error


@cache
def target_machine() -> Any:
    """The machine all methods are compiled for. Raises BackendError on a host with another instruction set.

    LLVM needs the target's assembler for inline assembly, and llvmlite can set up the host's only; without it LLVM
    would end the process.
    """
    llvm = binding()
    host = llvm.get_process_triple()
    if not host.startswith("x86_64"):
        raise BackendError(f"the llvm back end works on x86-64 hosts only, this one is {host}")
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    llvm.initialize_native_asmparser()
    machine = llvm.Target.from_triple(TRIPLE).create_target_machine(
        cpu=CPU, opt=OPTIMISATION, reloc="static", codemodel="small"
    )
    machine.set_asm_verbosity(True)  # comments tell the blocks' names and the spills
    return machine


def assembly(text: str) -> str:
    """The assembly of a module. Raises BackendError if LLVM refuses the text."""
    return str(target_machine().emit_assembly(parse(text)))


def parse(text: str) -> Any:
    """A module in a context of its own, so that nothing of it outlives it. Raises BackendError."""
    llvm = binding()
    try:
        return llvm.parse_assembly(text, llvm.create_context())
    except RuntimeError as error:
        raise BackendError(f"LLVM refuses the text made of the method: {error}") from error


def versions() -> dict[str, str]:
    """llvmlite, LLVM and the target: what costs depend on."""
    llvm = ".".join(map(str, binding().llvm_version_info))
    return {"llvmlite": version("llvmlite"), "llvm": llvm, "target": f"{TRIPLE} {CPU}"}
