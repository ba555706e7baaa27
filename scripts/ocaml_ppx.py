"""`gymcc ocaml ppx`: a trained policy decides which calls a stock ocamlopt inlines, file by file as it compiles them.

Used as ``ocamlopt -ppx "gymcc ocaml ppx --policy POLICY.onnx" …``, or with ``--serve ADDRESS --policy NAME``, where the
orchestrator's policy of that name decides. What is said goes to standard error, where the compiler's own messages go,
too.
"""

from __future__ import annotations

import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gymcc.agents.policy import Policy
    from gymcc.envs.core.env import CompilerEnv
    from gymcc.envs.ocaml.backends.compiler import Toolchain
    from gymcc.envs.ocaml.backends.compiler.calling import Call
    from gymcc.envs.ocaml.backends.compiler.unit import Unit

MODULE = "gymcc.envs.ocaml"  # of the environments that policies for this come from
PATIENCE = 5.0  # seconds for the server to answer

PolicyPath = Annotated[
    str,
    typer.Option("--policy", help="A policy.onnx, its folder, or the name of a shipped or, with --serve, served one."),
]
Serve = Annotated[str, typer.Option("--serve", help="Server whose policy decides: host:port or unix://PATH.")]
Record = Annotated[
    Path | None, typer.Option("--record", help="Folder for a file of decisions per compiled file, for `ocaml upload`.")
]
Epsilon = Annotated[float, typer.Option(help="Share of decisions that are taken at random, to learn from.")]
Seed = Annotated[
    int | None, typer.Option(help="Of what is tried, with the file's name; without it, each compilation tries anew.")
]
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
    serve: Serve = "",
    record: Record = None,
    epsilon: Epsilon = 0.0,
    seed: Seed = None,
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
        decider = _decider(policy, serve, Exploration(epsilon, seed), record)
        content = _decided(decider, _unit(toolchain, call, content, flags, keep), call.source, content, explain)
    target.write_bytes(content)


@dataclass(frozen=True, slots=True)
class Exploration:
    """How often something else than the policy's choice is tried; seeded, a file is tried alike each time."""

    epsilon: float
    seed: int | None

    def random(self, source: str) -> Random:
        """What draws for the file ``source``: not alike for every file of a program."""
        return Random() if self.seed is None else Random(f"{self.seed} {Path(source).name}")


@dataclass(frozen=True, slots=True)
class Decider:
    """What decides, how often it tries something else, and where that is recorded."""

    policy: Policy
    version: int
    exploration: Exploration
    folder: Path | None

    def __call__(self, env: CompilerEnv[Any], instance: str, source: str) -> list[int]:
        """The decisions on the file ``source``, recorded if wanted."""
        from gymcc.agents.recorded import Recorded, decide

        episode = decide(self.policy, env, instance, self.exploration.epsilon, self.exploration.random(source))
        if self.folder is not None:
            Recorded(episode, self.version, str(Path(source).absolute())).write(self.folder)
        actions: list[int] = episode.actions.tolist()
        return actions


def _decider(named: str, server: str, exploration: Exploration, folder: Path | None) -> Decider:
    from gymcc.agents.recorded import UNNUMBERED

    if not 0 <= exploration.epsilon <= 1:
        raise ValueError(f"epsilon {exploration.epsilon}: allowed: 0 to 1")
    policy, version = _served(server, named) if server else (loaded_policy(named), UNNUMBERED)
    return Decider(policy, version, exploration, folder)


def _served(server: str, name: str) -> tuple[Policy, int]:
    """The policy that a server has under a name now, and its version: one version decides a whole file.

    Raises ValueError, and :class:`gymcc.agents.serving.ServingError` where no server answers within ``PATIENCE``.
    """
    from gymcc.agents.serving import Client, served_policy
    from gymcc.agents.serving.client.decide import published_key, version_of

    client = Client(server, timeout=PATIENCE)
    key = published_key(client, name) or name
    return _of_here(served_policy(client, key), f"{server} {key}"), version_of(key)


def loaded_policy(named: str) -> Policy:
    """A policy of this environment; raises :class:`gymcc.agents.policy.PolicyError`."""
    from gymcc.agents.policy import Policy

    return _of_here(Policy.load(named), named)


def _of_here(policy: Policy, named: str) -> Policy:
    from gymcc.agents.policy import PolicyError
    from gymcc.envs.registry import ROWS

    ids = [row.id for row in ROWS if row.module == MODULE]
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


def _decided(decider: Decider, unit: Unit | None, source: str, tree: bytes, explain: bool) -> bytes:
    """The tree with the policy's decisions in it."""
    from gymcc.envs.core.problem import UnknownInstance
    from gymcc.envs.ocaml.deployed import INSTANCE, file_env

    if unit is None:
        return tree
    env = file_env(unit, decider.policy.card.options)
    decider.policy.check(env)
    if not any(len(unit.legal((site.id,))) > 1 for site in unit.sites):
        return unit.decided({})
    try:
        state = env.problem.initial(INSTANCE)
    except UnknownInstance as error:
        print(f"gymcc: {unit.name} is left to the compiler: {error}", file=sys.stderr)
        return tree
    for action in decider(env, INSTANCE, source):
        state = env.problem.apply(state, action)
    if explain:
        for row in env.problem.decided(state):
            print(f"{row['call']} {row['function']}: {row['decision']}", file=sys.stderr)
    return unit.decided(dict(state.decisions))
