"""The front end of the JIT: from a method to its common subexpressions, and from a choice of them to a method.

:func:`analyse` finds what RyuJIT's optcse.cpp finds: candidates by value number, their definitions and uses, and the
features a policy decides by; loops are hoisted from before. :func:`perform` applies a choice. A back end that wants to
be fast asks once per method for :func:`roles`, :func:`settle` s each choice and keeps what it makes of the
:class:`Rewriter`'s statements.
"""

from __future__ import annotations

from gymcc.envs.jitcse.frontend.analyse import analyse
from gymcc.envs.jitcse.frontend.perform import Rewriter, perform
from gymcc.envs.jitcse.frontend.roles import Role, is_made, roles, settle

__all__ = ["Rewriter", "Role", "analyse", "is_made", "perform", "roles", "settle"]
