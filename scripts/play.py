"""`gymcc play`: take decisions by hand and see what each one costs."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from gymcc.envs.core.env import CompilerEnv
from gymcc.scripts.environments import EnvId, Option, make, parse_options
from gymcc.scripts.output import Json, show

Instance = Annotated[str | None, typer.Option(help="Instance id or uri; without it one is drawn.")]
Actions = Annotated[str | None, typer.Option(help="Comma-separated action names; without it, ask for each.")]
Seed = Annotated[int, typer.Option(help="Seed of the draw.")]


def command(
    env_id: EnvId,
    instance: Instance = None,
    actions: Actions = None,
    seed: Seed = 0,
    option: Option = None,
    as_json: Json = False,
) -> None:
    """Apply actions one by one, printing the state and its cost after each."""
    options = {"on_illegal": "raise", "max_steps": 10**6, **parse_options(option)}
    env = make(env_id, **options)
    _, info = env.reset(seed=seed, options={"instance": instance} if instance else None)
    if actions is None:
        if as_json:
            raise ValueError("--json needs --actions")
        _interact(env, info)
        return
    sequence = [env.problem.parse(name.strip()) for name in actions.split(",") if name.strip()]
    rows = [_row(env, "", info)]
    _print(env, rows[0], as_json)
    for action in sequence:
        _, _, terminated, truncated, info = env.step(action)
        rows.append(_row(env, env.problem.describe(action), info))
        _print(env, rows[-1], as_json)
        if info["error"]:
            raise RuntimeError(info["error"])
        if terminated or truncated:
            break
    if as_json:
        show(rows, True)


def _row(env: CompilerEnv[Any], action: str, info: dict[str, Any]) -> dict[str, Any]:
    row = {"action": action, "state": env.problem.encode(env.state), f"cost_{env.problem.unit}": info["cost"]}
    row["speedup"] = info["baseline_cost"] / info["cost"]
    row["share_of_bound"] = info["bound"] / info["cost"]
    return row | env.problem.figures(env.state)


def _print(env: CompilerEnv[Any], row: dict[str, Any], as_json: bool) -> None:
    if as_json:
        return
    figures = ", ".join(f"{key} {value:.4g}" for key, value in row.items() if _is_figure(value))
    print(f"{row['action'] or 'start'}: {figures}\n{env.problem.show(env.state)}\n")


def _is_figure(value: Any) -> bool:
    """Whether it is a number that is known."""
    return isinstance(value, int | float) and value == value


def _interact(env: CompilerEnv[Any], info: dict[str, Any]) -> None:
    problem = env.problem
    _print(env, _row(env, "", info), False)
    while True:
        legal = [problem.describe(a) for a in range(problem.n_actions) if not env.why_illegal(a)]
        print(f"legal: {', '.join(legal)}; empty line or q ends")
        try:
            name = input("> ").strip()
        except EOFError:
            return
        if name in ("", "q"):
            return
        try:
            action = problem.parse(name)
            if reason := env.why_illegal(action):
                raise ValueError(f"illegal: {reason}")
        except ValueError as error:
            print(error, file=sys.stderr)
            continue
        _, _, terminated, truncated, info = env.step(action)
        _print(env, _row(env, name, info), False)
        if terminated or truncated:
            return
