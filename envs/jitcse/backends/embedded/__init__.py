"""The embedded JIT: prices a method's code under any choice of common subexpressions, in a fraction of a millisecond.

It stands for RyuJIT: trees become instructions with containment and address modes, locals get registers by linear
scan, and the code's price is RyuJIT's PerfScore. :class:`Embedded` is the door.

What it leaves out: instruction scheduling, splitting of lifetimes (a local lives in one register or on the stack for
all its life), write barriers, and encodings that depend on which register it is.
"""

from __future__ import annotations

from gymcc.envs.jitcse.backends.embedded.backend import Embedded
from gymcc.envs.jitcse.backends.embedded.choices.prepared import Prepared

__all__ = ["Embedded", "Prepared"]
