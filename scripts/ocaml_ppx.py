"""`gymcc ocaml ppx`: a trained policy decides which calls a stock ocamlopt inlines, file by file as it compiles them.

Used as ``ocamlopt -ppx "gymcc ocaml ppx --policy POLICY.onnx" …``. What is said goes to standard error, where the
compiler's own messages go, too.
"""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gymcc.agents.policy import Policy
    from gymcc.envs.ocaml.backends.compiler import Toolchain
    from gymcc.envs.ocaml.backends.compiler.calling import Call
    from gymcc.envs.ocaml.backends.compiler.unit import Unit

MODULE = "gymcc.envs.ocaml"  # of the environments that policies for this come from

PolicyPath = Annotated[str, typer.Option("--policy", help="A policy.onnx, its folder, or the name of a shipped one.")]
Flags = Annotated[str, typer.Option(help="Options of ocamlopt that the project is compiled with, e.g. '-inline 50'.")]
BackEnd = Annotated[str, typer.Option("--backend", help="closure or flambda; default: the compiler that calls.")]
Keep = Annotated[
    int,
    typer.Option(
        help="Closure mode: keep bodies of functions of up to so many expressions, for other files to inline.", min=0
    ),
]
Explain = Annotated[bool, typer.Option("--explain", help="Print each decision, with its place.")]
Tree = Annotated[Path, typer.Argument(help="The syntax tree, given by the compiler.")]
Target = Annotated[Path, typer.Argument(help="Where the tree goes as decided, given by the compiler.")]


def command(
    tree: Tree,
    target: Target,
    policy: PolicyPath,
    flags: Flags = "",
    backend: BackEnd = "",
    keep: Keep = 40,
    explain: Explain = False,
) -> None:
    """Decide by a policy what is inlined: ocamlopt -ppx "gymcc ocaml ppx --policy POLICY.onnx" FILE.ml ...

    The calls of a file are decided in the order of the source by the policy of `ocaml-inline-v0`; those that the
    compiler cannot inline are left alone. Interfaces and other compilers than ocamlopt get their trees back unchanged,
    and so do files with mistakes, of which the compiler tells itself.
    """
    from gymcc.envs.ocaml.backends.compiler import build, detect
    from gymcc.envs.ocaml.backends.compiler.calling import (
        INTERFACE,
        NATIVE,
        calling_compiler,
        check_tree,
        read_call,
    )

    content = tree.read_bytes()
    if content.startswith(INTERFACE):
        shutil.copyfile(tree, target)
        return
    toolchain = detect(backend, None if backend else calling_compiler())
    check_tree(content, toolchain)
    call = read_call(build(toolchain), tree)
    if call.tool == NATIVE:
        content = _decided(loaded_policy(policy), _unit(toolchain, call, content, flags, keep), content, explain)
    target.write_bytes(content)


def loaded_policy(named: str) -> Policy:
    """A policy of this environment; raises :class:`gymcc.agents.policy.PolicyError`."""
    from gymcc.agents.policy import Policy, PolicyError
    from gymcc.envs.registry import ROWS

    policy, ids = Policy.load(named), [row.id for row in ROWS if row.module == MODULE]
    if policy.card.env not in ids:
        raise PolicyError(f"{named}: the policy is of {policy.card.env}, not of {', '.join(ids)}")
    return policy


def _unit(toolchain: Toolchain, call: Call, tree: bytes, flags: str, keep: int) -> Unit | None:
    """The file's decisions; None, which is told, where it does not compile: the compiler will say so itself."""
    from gymcc.envs.ocaml.backends.compiler import BadProgram, build
    from gymcc.envs.ocaml.backends.compiler.compiler import OPTIONS
    from gymcc.envs.ocaml.backends.compiler.unit import Unit, UnitDriver

    options = tuple(shlex.split(flags)) or OPTIONS[toolchain.middle_end]
    try:
        return Unit(UnitDriver(toolchain, build(toolchain), options), call, tree, keep)
    except BadProgram as error:
        print(f"gymcc: {call.source} is left to the compiler: {error}", file=sys.stderr)
        return None


def _decided(policy: Policy, unit: Unit | None, tree: bytes, explain: bool) -> bytes:
    """The tree with the policy's decisions in it."""
    from gymcc.agents.policy import rollout
    from gymcc.envs.core.problem import UnknownInstance
    from gymcc.envs.ocaml.deployed import INSTANCE, file_env

    if unit is None:
        return tree
    env = file_env(unit, policy.card.options)
    policy.check(env)
    if not any(len(unit.legal((site.id,))) > 1 for site in unit.sites):
        return unit.decided({})
    try:
        state = env.problem.initial(INSTANCE)
    except UnknownInstance as error:
        print(f"gymcc: {unit.name} is left to the compiler: {error}", file=sys.stderr)
        return tree
    for action in rollout(policy, env, INSTANCE):
        state = env.problem.apply(state, action)
    if explain:
        for row in env.problem.decided(state):
            print(f"{row['call']} {row['function']}: {row['decision']}", file=sys.stderr)
    return unit.decided(dict(state.decisions))
