"""Prices choices as real x86-64 code, made by LLVM through llvmlite (``pip install gymcc[llvm]``).

A method becomes LLVM IR text (:mod:`emit`) with the choice performed; LLVM selects instructions one by one, allocates
registers with its greedy allocator, and merges nothing by itself (:mod:`selftest` proves it at the start). The score
is RyuJIT's PerfScore (:mod:`timing`) over the emitted assembly and the method's block weights. Scores of one release
of llvmlite are the same on every x86-64 host: code is made for a fixed processor model and never run.

What is not RyuJIT's about it: the allocator splits lifetimes, values that nobody reads are not computed, saturating
casts and checks of floating-point equality are longer, and struct arguments travel in vector registers. So it is a
second machine to look at a choice with: one that ranks choices much as the embedded JIT does, but not the same.
"""

from __future__ import annotations

from gymcc.envs.jitcse.backends.llvm.backend import Llvm, Prepared
from gymcc.envs.jitcse.backends.llvm.emit import emit

__all__ = ["Llvm", "Prepared", "emit"]
