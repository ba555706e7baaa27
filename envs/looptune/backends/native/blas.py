"""The BLAS inside the installed numpy, called directly, so that it can be timed exactly as a kernel is."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np

from gymcc.envs.looptune.backends.native import encoder as x86
from gymcc.envs.looptune.backends.native.arena import ARENA, Block
from gymcc.envs.looptune.state import Contraction

_ROW_MAJOR, _NO_TRANSPOSE = 101, 111  # cblas.h


@cache
def _library() -> ctypes.CDLL | None:
    """OpenBLAS as bundled with numpy's wheels (64-bit integers, prefix scipy_), or None."""
    folder = Path(np.__file__).parent.parent / "numpy.libs"
    for path in sorted(folder.glob("*openblas64*")):
        library = ctypes.CDLL(str(path))
        if hasattr(library, "scipy_cblas_sgemm64_"):
            return library
    return None


def kernel_name() -> str:
    """The kernel set that OpenBLAS chose for this CPU, such as SkylakeX; "unknown" for another BLAS."""
    library = _library()
    if library is None:
        return "unknown"
    name = library.scipy_openblas_get_corename64_
    name.restype = ctypes.c_char_p
    return bytes(name()).decode()


@contextmanager
def one_thread() -> Iterator[None]:
    """Within, numpy's OpenBLAS uses one thread, as kernels do; another BLAS keeps its own setting."""
    library = _library()
    if library is None:
        yield
        return
    threads = library.scipy_openblas_get_num_threads64_()
    library.scipy_openblas_set_num_threads64_(1)
    try:
        yield
    finally:
        library.scipy_openblas_set_num_threads64_(threads)


def sgemm(contraction: Contraction) -> Block | None:
    """Code of ``void f(c, a, b)`` that calls cblas_sgemm with beta = 1 on a matrix multiply; None without OpenBLAS."""
    library = _library()
    if library is None or contraction.kind != "mm":
        return None
    m, k, n = contraction.extents
    address = ctypes.cast(library.scipy_cblas_sgemm64_, ctypes.c_void_p).value or 0
    code = b"\x48\x83\xec\x08" + x86.push(n) + b"\x57"  # sub rsp, 8; push ldc; push rdi (C)
    code += x86.push(n) + b"\x52" + x86.push(k) + b"\x56"  # push ldb; push rdx (B); push lda; push rsi (A)
    arguments = (x86.RDI, _ROW_MAJOR), (x86.RSI, _NO_TRANSPOSE), (x86.RDX, _NO_TRANSPOSE)
    for register, value in (*arguments, (x86.RCX, m), (x86.R8, n), (x86.R9, k), (x86.RAX, 0x3F800000)):
        code += x86.mov(register, value)
    code += b"\xc5\xf9\x6e\xc0\xc5\xf8\x28\xc8"  # vmovd xmm0, eax; vmovaps xmm1, xmm0 (alpha = beta = 1)
    code += b"\x48\xb8" + address.to_bytes(8, "little") + b"\xff\xd0"  # mov rax, address; call rax
    return ARENA.place(code + b"\x48\x83\xc4\x38\xc3")  # add rsp, 56; ret
