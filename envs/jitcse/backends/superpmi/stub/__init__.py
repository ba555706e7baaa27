"""A stand-in for superpmi that speaks its protocol in full; the embedded JIT computes what it answers.

For trying and testing the path to a live JIT where there is none: ``gymcc jitcse stub --out DIR`` writes a CORE_ROOT.
Its ``libclrjit.so`` says which JIT it plays (:class:`~.files.Jit`), its collection how many generated methods it has
and which of them go wrong in which way (:mod:`~.faults`).
"""

from __future__ import annotations

from gymcc.envs.jitcse.backends.superpmi.stub.faults import MODES, Fault, parse_fault
from gymcc.envs.jitcse.backends.superpmi.stub.files import JITS, CoreRoot, write_core_root

__all__ = ["JITS", "MODES", "CoreRoot", "Fault", "parse_fault", "write_core_root"]
