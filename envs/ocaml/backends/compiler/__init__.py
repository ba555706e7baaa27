"""Back ends ``closure`` and ``flambda``: a stock ``ocamlopt`` that compiles the user's own program as decided.

No patch of the compiler is needed. A tool built on the compiler's own libraries (``tool/``) lists the calls of the
type-checked program and rewrites its syntax trees: a decision becomes ``[@inlined]`` or ``[@inlined never]`` on a call,
and a decision on a path, inside the body copied for another call, a copy of the function called there. Cost is counted
instructions (cachegrind, the same on every run) or, without valgrind, seconds; beside it stand the bytes of code.

:class:`Compiler` is the whole; :func:`detect` finds the compiler, :func:`build` builds the tool where it is not there
yet, and :func:`report` says what was found.
"""

from __future__ import annotations

from gymcc.envs.ocaml.backends.compiler.building import build
from gymcc.envs.ocaml.backends.compiler.compiler import Compiler, Figures
from gymcc.envs.ocaml.backends.compiler.compiling import Binary
from gymcc.envs.ocaml.backends.compiler.decisions import Action, Decisions
from gymcc.envs.ocaml.backends.compiler.errors import BadProgram, OutputChanged, WrongCompiler
from gymcc.envs.ocaml.backends.compiler.features import FEATURES
from gymcc.envs.ocaml.backends.compiler.inlining_report import Benefit, Considered
from gymcc.envs.ocaml.backends.compiler.listing import Definition, Kind, Site
from gymcc.envs.ocaml.backends.compiler.measuring import Measurement
from gymcc.envs.ocaml.backends.compiler.program import Program, read_program
from gymcc.envs.ocaml.backends.compiler.report import Finding, report
from gymcc.envs.ocaml.backends.compiler.toolchain import Toolchain, detect

__all__ = [
    "FEATURES",
    "Action",
    "BadProgram",
    "Benefit",
    "Binary",
    "Compiler",
    "Considered",
    "Decisions",
    "Definition",
    "Figures",
    "Finding",
    "Kind",
    "Measurement",
    "OutputChanged",
    "Program",
    "Site",
    "Toolchain",
    "WrongCompiler",
    "build",
    "detect",
    "read_program",
    "report",
]
