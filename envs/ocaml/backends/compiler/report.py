"""What was found of OCaml on this machine, for people."""

from __future__ import annotations

import os
from dataclasses import dataclass

from gymcc.envs.core.problem import BackendError
from gymcc.envs.ocaml.backends.compiler.building import INSTALL, location
from gymcc.envs.ocaml.backends.compiler.toolchain import (
    INSTALL_FLAMBDA,
    INSTALL_VALGRIND,
    MIDDLE_ENDS,
    Toolchain,
    detect,
    valgrind,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is or is not there."""

    what: str
    ok: bool
    found: str
    advice: str  # what to do if it is not, or not well


def report() -> tuple[Finding, ...]:
    """The compilers of either middle end, the tool for each, and the counter of instructions."""
    return (*(finding for name in MIDDLE_ENDS for finding in _compiler(name)), _counter())


def _compiler(middle_end: str) -> tuple[Finding, ...]:
    what = f"ocaml {middle_end}"
    try:
        toolchain = detect(middle_end)
    except BackendError as error:
        advice = INSTALL_FLAMBDA if middle_end == "flambda" else "apt-get install ocaml-nox; the simulator needs none"
        return (Finding(what, False, str(error).split("; ")[0], advice),)
    found = f"OCaml {toolchain.ocamlopt.version}, {toolchain.ocamlopt.path}"
    return Finding(what, True, found, ""), _tool(what, toolchain)


def _tool(what: str, toolchain: Toolchain) -> Finding:
    path = location(toolchain)
    if os.access(path, os.X_OK):
        return Finding(f"{what} tool", True, str(path), "")
    return Finding(f"{what} tool", False, "not built", f"{INSTALL}; else it is built when first needed")


def _counter() -> Finding:
    tool = valgrind()
    if tool is None:
        return Finding("valgrind", False, "not installed: costs are seconds", f"{INSTALL_VALGRIND}, to count instead")
    return Finding("valgrind", True, tool.version, "")
