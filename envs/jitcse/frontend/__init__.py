"""The front end of the JIT: from a method to its common subexpressions, and from a choice of them to a method.

``analyse`` finds what RyuJIT's optcse.cpp finds: candidates by value number, their definitions and uses, and the
features a policy decides by. ``perform`` applies a choice. ``roles`` is what a back end wants to know once per method
so that it can tell quickly what a choice changes.
"""

from __future__ import annotations

from gymcc.envs.jitcse.frontend.analyse import analyse
from gymcc.envs.jitcse.frontend.perform import perform
from gymcc.envs.jitcse.frontend.roles import Role, emitted, roles

__all__ = ["Role", "analyse", "emitted", "perform", "roles"]
