"""Ids of call sites and functions: their order in the source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from gymcc.envs.ocaml.frontend.builtins import Builtin
from gymcc.envs.ocaml.frontend.errors import OcamlError
from gymcc.envs.ocaml.frontend.expansive import uncurried
from gymcc.envs.ocaml.frontend.syntax import Apply, Expression, Fun, GetField, Item, Name, Pattern
from gymcc.envs.ocaml.frontend.typed import Typing

MAX_PARAMETERS = 10
_HEADS = "an applied function is a name or a field of a record that has a name; bind what you apply with 'let' first"


@dataclass(frozen=True, slots=True)
class Numbering:
    """Site ids by application, from 0, and function ids by ``fun`` or library function used as a value, from 1."""

    sites: dict[Apply, int]
    functions: dict[Fun | Name, int]


def flat(node: Fun) -> tuple[tuple[Pattern, ...], Expression]:
    """Parameters of directly nested ``fun``, which are one function, and its body."""
    params, body = node.params, node.body
    while isinstance(inner := uncurried(body), Fun):
        params, body = params + inner.params, inner.body
    return params, body


def number(items: tuple[Item, ...], typing: Typing) -> Numbering:
    """Number a typed program; raises OcamlError for applications outside of the subset."""
    sites: list[Apply] = []
    functions: list[Fun | Name] = []
    todo: list[Any] = list(items)
    while todo:
        node = todo.pop()
        if isinstance(node, Apply):
            todo += node.args
            if builtin := _library(node.function, typing):
                todo += _applied_library(node, builtin)
                continue
            _check_head(node.function)
            sites.append(node)
            todo.append(node.function)
        elif isinstance(node, Fun):
            params, body = flat(node)
            if len(params) > MAX_PARAMETERS:
                raise OcamlError(f"{len(params)} parameters; at most {MAX_PARAMETERS} are allowed", node.at)
            functions.append(node)
            todo.append(body)
        else:
            if isinstance(node, Name) and (builtin := _library(node, typing)) and builtin.arity:
                functions.append(node)
            todo += children(node)
    by_site = {node: index for index, node in enumerate(sorted(sites, key=lambda node: node.at))}
    by_function = {node: index + 1 for index, node in enumerate(sorted(functions, key=lambda node: node.at))}
    return Numbering(by_site, by_function)


def _library(node: Expression, typing: Typing) -> Builtin | None:
    value = typing.names[node] if isinstance(node, Name) else None
    return value if isinstance(value, Builtin) else None


def _applied_library(node: Apply, builtin: Builtin) -> list[Any]:
    """The function to number for a library function that lacks arguments."""
    if len(node.args) > builtin.arity:
        raise OcamlError(f"{builtin.name} takes {builtin.arity} arguments; bind what it returns with 'let'", node.at)
    return [node.function] if len(node.args) < builtin.arity else []


def _check_head(node: Expression) -> None:
    node = uncurried(node)
    while isinstance(node, GetField):
        node = uncurried(node.of)
    if not isinstance(node, Name):
        raise OcamlError(_HEADS, node.at)


def children(node: Any) -> Iterator[Any]:
    """Parts of a node of syntax that may hold expressions."""
    if isinstance(node, tuple):
        yield from node
    elif is_dataclass(node):
        for each in fields(node):
            yield getattr(node, each.name)
