"""Which names of a Python function are locals, captured by inner functions, taken from outer ones, or global."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True, slots=True)
class ModuleNames:
    """What a module binds at its top; all else are variables."""

    imports: frozenset[str]  # modules and names
    classes: frozenset[str]
    constants: Mapping[str, ast.expr | None]  # assigned once, at the top, with the value, if it is one: static readonly


@dataclass(frozen=True, slots=True)
class Scope:
    """The names of one function."""

    parameters: tuple[str, ...]
    locals: frozenset[str]  # with the parameters, without names declared global or nonlocal
    captured: tuple[str, ...]  # locals that inner functions use: they live in an object, as in C#
    outer: tuple[str, ...]  # names of enclosing functions, found in their object
    imports: frozenset[str]  # imported by the module or here
    counters: frozenset[str]  # locals that only loops assign


def module_names(tree: ast.Module) -> ModuleNames:
    """The bindings of a module that matter for calls and constants."""
    nodes = list(own_nodes(tree.body))
    classes = {node.name for node in nodes if isinstance(node, ast.ClassDef)}
    stored = Counter(node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load))
    shared = {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}
    values = {
        node.targets[0].id: node.value
        for node in nodes
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)
    }
    constants = {name: values.get(name) for name, times in stored.items() if times == 1 and name not in shared}
    return ModuleNames(frozenset(_imported(nodes)), frozenset(classes), constants)


def scope_of(function: FunctionNode, module: ModuleNames, enclosing: Iterable[FunctionNode]) -> Scope:
    """The scope of a function inside ``enclosing`` ones, outermost first."""
    parameters = parameter_names(function)
    bound = bound_names(function)
    inner = [node for node in nodes_of(function) if isinstance(node, FUNCTIONS)]
    captured = sorted(bound & {name for node in inner for name in free_names(node)})
    around = {name for node in enclosing for name in bound_names(node)}
    outer = sorted(name for name in free_names(function) if name in around)
    imported = _imported(nodes_of(function))
    imports = module.imports - bound | imported
    own = frozenset(bound - imported)
    counters = own - _stored(function)
    return Scope(parameters, own, tuple(captured), tuple(outer), imports, counters)


def parameter_names(function: FunctionNode) -> tuple[str, ...]:
    """All parameters in order."""
    args = function.args
    starred = [each for each in (args.vararg, args.kwarg) if each is not None]
    return tuple(each.arg for each in (*args.posonlyargs, *args.args, *args.kwonlyargs, *starred))


def body_of(function: FunctionNode) -> list[ast.stmt]:
    """The statements; a lambda's value is returned."""
    if isinstance(function, ast.Lambda):
        return [ast.copy_location(ast.Return(function.body), function.body)]
    return function.body


@lru_cache(maxsize=1024)
def nodes_of(function: FunctionNode) -> tuple[ast.AST, ...]:
    """The nodes of a function's body as :func:`own_nodes` gives them."""
    return tuple(own_nodes(body_of(function)))


def own_nodes(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes of a function in source order, without what is inside inner functions and classes."""
    todo = list(body)[::-1]
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            todo += [*node.decorator_list, *_defaults(node)][::-1]
        elif isinstance(node, ast.Lambda):
            todo += _defaults(node)[::-1]
        elif not isinstance(node, ast.ClassDef):
            todo += list(ast.iter_child_nodes(node))[::-1]


def bound_names(function: FunctionNode) -> set[str]:
    """The function's locals, save those that are only a comprehension's."""
    nodes = nodes_of(function)
    declared = {name for node in nodes if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
    bound = set(parameter_names(function)) | _imported(nodes)
    loops = {id(each) for node in nodes if isinstance(node, ast.comprehension) for each in ast.walk(node.target)}
    for node in nodes:
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load) and id(node) not in loops:
            bound.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.add(node.name)
    return bound - declared


def _stored(function: FunctionNode) -> set[str]:
    """Names that get a value otherwise than as the target of a loop."""
    nodes = nodes_of(function)
    targets = {id(node.target) for node in nodes if isinstance(node, ast.For)}
    names = [node for node in nodes if isinstance(node, ast.Name) and id(node) not in targets]
    return set(parameter_names(function)) | {node.id for node in names if not isinstance(node.ctx, ast.Load)}


def free_names(function: FunctionNode) -> set[str]:
    """Names that the function or what is inside it takes from outside."""
    used: set[str] = set()
    own: set[str] = bound_names(function)
    for node in nodes_of(function):
        if isinstance(node, ast.Name):
            used.add(node.id)
        elif isinstance(node, FUNCTIONS):
            used |= free_names(node)
        elif isinstance(node, ast.comprehension):
            own |= {each.id for each in ast.walk(node.target) if isinstance(each, ast.Name)}
        elif isinstance(node, ast.Nonlocal):
            used.update(node.names)
    return used - own


def _defaults(function: FunctionNode) -> list[ast.expr]:
    return [*function.args.defaults, *(each for each in function.args.kw_defaults if each is not None)]


def _imported(nodes: Iterable[ast.AST]) -> set[str]:
    aliases = [alias for node in nodes if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names]
    return {(alias.asname or alias.name).partition(".")[0] for alias in aliases}
