"""The calls of a program: where, of what, how, and in which surroundings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from gymcc.envs.ocaml.deep import recursion
from gymcc.envs.ocaml.frontend.builtins import Builtin
from gymcc.envs.ocaml.frontend.expansive import uncurried
from gymcc.envs.ocaml.frontend.infer import infer
from gymcc.envs.ocaml.frontend.numbering import number
from gymcc.envs.ocaml.frontend.parser import parse
from gymcc.envs.ocaml.frontend.syntax import (
    Apply,
    Both,
    Expression,
    ForDo,
    Fun,
    GetField,
    If,
    Item,
    LetIn,
    LetItem,
    MatchWith,
    ModuleItem,
    Name,
    WhileDo,
)
from gymcc.envs.ocaml.frontend.typed import Typing
from gymcc.envs.ocaml.ir import CallKind
from gymcc.envs.ocaml.source.definitions import Definitions, Found
from gymcc.envs.ocaml.source.expressions import (
    function_of,
    is_constant,
    is_functional,
    is_variable,
    makes,
    of_cases,
    parts,
)
from gymcc.envs.ocaml.source.records import Definition, Site

_FRAMES = 60_000


@dataclass(frozen=True, slots=True)
class Listing:
    """All of a program; sites by id."""

    definitions: tuple[Definition, ...]
    sites: tuple[Site, ...]

    def within(self, definition: int) -> tuple[int, ...]:
        """The sites in a function's body, those of functions in it too."""
        return tuple(site.id for site in self.sites if definition in site.inside)


class Around(NamedTuple):
    """Surroundings: definitions, outermost first, functions, and in the innermost definition loops and branches."""

    inside: tuple[Found, ...] = ()
    nesting: int = 0
    loops: int = 0
    branches: int = 0


def list_source(source: str) -> Listing:
    """The calls and functions of a program of the subset; raises OcamlError."""
    with recursion(_FRAMES):
        items = parse(source)
        typing = infer(items)
        lister = _Lister(typing, number(items, typing).sites, Definitions(typing))
        lister.definitions.collect(items)
        lister.items(items)
        sites = sorted(lister.sites, key=lambda site: site.id)
        return Listing(tuple(found.finished() for found in lister.definitions), tuple(sites))


class _Lister:
    """Walks through one program; ``numbers`` are the sites' ids."""

    def __init__(self, typing: Typing, numbers: dict[Apply, int], definitions: Definitions) -> None:
        self.typing = typing
        self.numbers = numbers
        self.definitions = definitions
        self.sites: list[Site] = []

    def items(self, items: tuple[Item, ...]) -> None:
        """A file or module."""
        for item in items:
            if isinstance(item, ModuleItem):
                self.items(item.items)
            elif isinstance(item, LetItem):
                for binding in item.bindings:
                    self._bound(binding.value, Around())

    def _bound(self, node: Expression, around: Around) -> None:
        """The right side of a ``let``."""
        function = uncurried(node)
        found = self.definitions.by_function.get(function) if isinstance(function, Fun) else None
        if found is None:
            self._visit(node, around)
            return
        found.inside = tuple(each.id for each in around.inside)
        within = Around((*around.inside, found), around.nesting + 1, 0, int(found.function.branching))
        self._all(found.function.bodies, within)

    def _all(self, nodes: tuple[Expression, ...], around: Around) -> None:
        for node in nodes:
            self._visit(node, around)

    def _visit(self, node: Expression, around: Around) -> None:
        match node:
            case Apply():
                self._apply(node, around)
            case Name():
                self._mention(node, around, True)
            case Fun():
                function = function_of(node)
                inner = around._replace(nesting=around.nesting + 1, branches=around.branches + function.branching)
                self._all(function.bodies, inner)
            case LetIn():
                for binding in node.bindings:
                    self._bound(binding.value, around)
                self._visit(node.body, around)
            case If() | MatchWith():
                self._branch(node, around)
            case WhileDo():
                self._all((node.condition, node.body), _loop(around))
            case ForDo():
                self._all((node.first, node.last), around)
                self._visit(node.body, _loop(around))
            case Both():
                self._visit(node.left, around)
                self._visit(node.right, around._replace(branches=around.branches + 1))
            case _:
                self._all(parts(node, self.typing), around)

    def _branch(self, node: If | MatchWith, around: Around) -> None:
        inner = around._replace(branches=around.branches + 1)
        if isinstance(node, If):
            self._visit(node.condition, around)
            self._all((node.then, *((node.otherwise,) if node.otherwise else ())), inner)
            return
        self._visit(node.of, around)
        branching = len(node.cases) > 1 or node.cases[0].guard is not None
        self._all(of_cases(node.cases), inner if branching else around)

    def _mention(self, node: Name, around: Around, escapes: bool) -> None:
        value = self.typing.names[node]
        found = None if isinstance(value, Builtin) else self.definitions.by_value.get(value)
        if found is not None:
            found.uses += 1
            found.recursive = found.recursive or _within_group(found, around)
            found.escapes = found.escapes or escapes

    def _apply(self, node: Apply, around: Around) -> None:
        head = uncurried(node.function)
        if node in self.numbers:
            self.sites.append(self._site(node, head, around))
            if isinstance(head, Name):
                self._mention(head, around, False)
            else:
                self._visit(head, around)
        self._all(node.args, around)

    def _site(self, node: Apply, head: Expression, around: Around) -> Site:
        value = self.typing.names[head] if isinstance(head, Name) else None
        found = None if value is None or isinstance(value, Builtin) else self.definitions.by_value.get(value)
        args = node.args
        return Site(
            self.numbers[node],
            node.start.line,
            node.start.column,
            node.at.line,
            node.at.column,
            _kind(found, len(args), around),
            _text(head) if found is None else found.name,
            None if found is None else found.id,
            tuple(each.id for each in around.inside),
            len(args),
            sum(map(is_constant, args)),
            sum(is_functional(arg, self.typing) for arg in args),
            sum(map(is_variable, args)),
            sum(map(makes, args)),
            around.loops,
            around.branches,
            around.nesting,
            0,  # the subset has no exceptions
        )


def _loop(around: Around) -> Around:
    return around._replace(loops=around.loops + 1)


def _within_group(found: Found, around: Around) -> bool:
    return any(each.group == found.group for each in around.inside)


def _kind(found: Found | None, arguments: int, around: Around) -> CallKind:
    if found is None:
        return CallKind.UNKNOWN
    if arguments < found.function.arity:
        return CallKind.PARTIAL
    if _within_group(found, around):
        return CallKind.SELF
    return CallKind.OVER if arguments > found.function.arity else CallKind.DIRECT


def _text(head: Expression) -> str:
    if isinstance(head, Name):
        return head.name
    if isinstance(head, GetField):
        return f"{_text(uncurried(head.of))}.{head.field.rpartition('.')[2]}"
    return "(expression)"
