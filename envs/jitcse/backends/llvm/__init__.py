"""Prices choices as real x86-64 code, made by LLVM through llvmlite (``pip install gymcc[llvm]``).

A method becomes LLVM IR text (:mod:`emit`) with the choice performed; LLVM selects instructions one by one, allocates
registers with its greedy allocator, and merges nothing by itself (:mod:`selftest` proves it at the start). The score
is RyuJIT's PerfScore (:mod:`timing`) over the emitted assembly and the method's block weights. Scores of one release
of llvmlite are the same on every x86-64 host: code is made for a fixed processor model and never run.

Gains here and gains of the embedded back end are gains on two different machines; they agree in rank only roughly.
"""

from __future__ import annotations

from gymcc.envs.jitcse.backends.llvm.backend import Llvm, Prepared
from gymcc.envs.jitcse.backends.llvm.emit import emit

__all__ = ["Llvm", "Prepared", "emit"]
