"""The functions of a module, each with what is known about it and its neighbours."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gymcc.benchmarks.jitcse_corpus.scope import FUNCTIONS, FunctionNode, ModuleNames, Scope, module_names, scope_of

_FOREIGN = re.compile(r"[^A-Za-z0-9_.]")
Functions = Mapping[str, FunctionNode]


@dataclass(frozen=True, slots=True)
class Unit:
    """One function: its dotted name, module first, and the functions it may call by name or through its object."""

    name: str
    node: FunctionNode
    scope: Scope
    module: ModuleNames
    functions: Functions  # of the module
    methods: Functions  # of the class, if it is a method; else none

    def neighbour(self, node: FunctionNode, is_method: bool) -> Unit:
        """Another function of the module, or another method of the class."""
        scope = scope_of(node, self.module, ())
        return Unit(self.name, node, scope, self.module, self.functions, self.methods if is_method else {})


def units(tree: ast.Module, module: str) -> Iterator[Unit]:
    """All functions and methods of a module in source order, inner ones after the one around them."""
    yield from _Walk(module_names(tree), _defined(tree)).within(tree, module, (), {})


@dataclass(frozen=True, slots=True)
class _Walk:
    """A walk over the definitions of a module."""

    names: ModuleNames
    functions: Functions

    def within(self, node: ast.AST, name: str, around: tuple[FunctionNode, ...], methods: Functions) -> Iterator[Unit]:
        """The functions inside ``node``, which is called ``name`` and has functions ``around`` it."""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef):
                yield from self.within(child, f"{name}.{child.name}", around, _defined(child))
            elif isinstance(child, FUNCTIONS):
                below = f"{name}.{getattr(child, 'name', 'lambda')}"
                yield self._unit(below, child, around, methods if isinstance(node, ast.ClassDef) else {})
                yield from self.within(child, below, (*around, child), {})
            else:
                yield from self.within(child, name, around, methods)

    def _unit(self, name: str, node: FunctionNode, around: tuple[FunctionNode, ...], methods: Functions) -> Unit:
        scope = scope_of(node, self.names, around)
        return Unit(_FOREIGN.sub("_", name), node, scope, self.names, self.functions, methods)


def _defined(node: ast.Module | ast.ClassDef) -> Functions:
    """The functions directly in a module or class that are defined once and have no decorator but property."""
    found: dict[str, FunctionNode | None] = {}
    for child in node.body:
        if isinstance(child, ast.FunctionDef):
            found[child.name] = None if child.name in found or not _plain(child) else child
    return {name: function for name, function in found.items() if function is not None}


def _plain(node: ast.FunctionDef) -> bool:
    return all(isinstance(each, ast.Name) and each.id == "property" for each in node.decorator_list)


def is_property(node: FunctionNode) -> bool:
    """Whether a method is read like an attribute."""
    return isinstance(node, ast.FunctionDef) and bool(node.decorator_list)
