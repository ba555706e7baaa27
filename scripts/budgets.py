"""Options that several sub-commands share: budgets, methods and the instances to work on."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gymcc.agents.search import ALIASES, Budget, methods_of, resolve_method
from gymcc.envs.core.choices import choose
from gymcc.envs.core.problem import Problem

Evaluations = Annotated[
    int | None, typer.Option("--evaluations", min=1, help="Costs a search may compute per instance.")
]
Seconds = Annotated[float | None, typer.Option("--seconds", min=0.001, help="Seconds a search may take per instance.")]
Seed = Annotated[int, typer.Option(help="Seed of the searches.")]
Seeds = Annotated[int, typer.Option(min=1, help="Run every search with so many successive seeds.")]
Dataset = Annotated[str | None, typer.Option(help="Dataset name or folder; default: the environment's own.")]
Split = Annotated[str, typer.Option(help="train, validation, test or all.")]
Count = Annotated[int | None, typer.Option("--count", help="Work on this many instances, spread over the split.")]
Instances = Annotated[list[str] | None, typer.Option("--instance", help="Work on this instance; repeatable.")]

REFERENCES = ("numpy",)  # outside tools, asked of the problem by name


def budget(evaluations: int | None, seconds: float | None, default: int) -> Budget:
    """The budget given, or ``default`` evaluations."""
    if evaluations is None and seconds is None:
        return Budget(evaluations=default)
    return Budget(evaluations=evaluations, seconds=seconds)


def parse_methods(text: str, problem: Problem[Any]) -> tuple[list[str], list[str]]:
    """Searches, the problem's own among them, and references out of a comma-separated list.

    Raises ValueError naming the allowed ones.
    """
    allowed = dict.fromkeys([*methods_of(problem), *ALIASES, *REFERENCES])
    names = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for name in names:
        choose(allowed, name, "method")
    searches = [resolve_method(name, problem) for name in names if name not in REFERENCES]
    return list(dict.fromkeys(searches)), [name for name in names if name in REFERENCES]
