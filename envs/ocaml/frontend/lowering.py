"""A typed program to the intermediate representation; evaluation order becomes the order of bindings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gymcc.envs.ocaml.frontend.builder import Builder, Ids
from gymcc.envs.ocaml.frontend.decisions import variables
from gymcc.envs.ocaml.frontend.declared import declarations
from gymcc.envs.ocaml.frontend.errors import OcamlError
from gymcc.envs.ocaml.frontend.expansive import uncurried
from gymcc.envs.ocaml.frontend.lower_calls import Calls
from gymcc.envs.ocaml.frontend.lower_functions import Functions
from gymcc.envs.ocaml.frontend.lower_match import Matches
from gymcc.envs.ocaml.frontend.numbering import Numbering, number
from gymcc.envs.ocaml.frontend.order import Order
from gymcc.envs.ocaml.frontend.scope import Value
from gymcc.envs.ocaml.frontend.shapes import constructor_shape, element_kind, record_shape, tuple_shape
from gymcc.envs.ocaml.frontend.syntax import (
    AliasPattern,
    AnyPattern,
    ArrayOf,
    AssignField,
    Construct,
    Expression,
    ForDo,
    Fun,
    GetField,
    Item,
    LetBinding,
    LetIn,
    LetItem,
    ListOf,
    Literal,
    LiteralPattern,
    ModuleItem,
    Pattern,
    RecordOf,
    RecordPattern,
    Sequence,
    Tuple,
    TuplePattern,
    Typed,
    TypedPattern,
    TypeItem,
    VariablePattern,
    WhileDo,
)
from gymcc.envs.ocaml.frontend.typed import Typing
from gymcc.envs.ocaml.frontend.types import LIST, RecordField, kind
from gymcc.envs.ocaml.ir import (
    UNIT,
    Atom,
    Block,
    Constant,
    Field,
    For,
    Function,
    Make,
    Position,
    Prim,
    Program,
    Scalar,
    SetField,
    Variable,
    While,
)
from gymcc.envs.ocaml.primitives import Kind, Primitive


def lower(items: tuple[Item, ...], typing: Typing, name: str) -> Program:
    """The program; raises OcamlError for what typing does not see."""
    return Lowering(typing, number(items, typing)).program(items, name)


class Lowering:
    """Lowers one program. ``atoms`` says what the source's variables have become."""

    def __init__(self, typing: Typing, numbering: Numbering) -> None:
        self.typing = typing
        self.numbering = numbering
        self.order = Order(typing)
        self.ids = Ids()
        self.atoms: dict[Value, Atom] = {}
        self._globals: dict[int, None] = {}
        self.functions = Functions(self)
        self._calls = Calls(self)
        self._matches = Matches(self)

    def program(self, items: tuple[Item, ...], name: str) -> Program:
        """Lower a file."""
        main = self.ids.variable(Kind.BLOCK, "main")
        out, id_ = Builder(self.ids), self.ids.block()
        self._items(items, out)
        function = Function(0, main, (), out.block(id_, UNIT), (), 0, Kind.INT, Position(1, 0))
        sites = tuple(sorted(self._calls.sites.values(), key=lambda site: site.id))
        types = declarations(self.typing.declared)
        return Program(name, types, function, tuple(self._globals), sites, self.ids.blocks, self.ids.variables)

    def _items(self, items: tuple[Item, ...], out: Builder) -> None:
        for item in items:
            match item:
                case LetItem():
                    self._bindings(item.recursive, item.bindings, out)
                    self._make_global(item)
                case ModuleItem():
                    self._items(item.items, out)
                case TypeItem():
                    pass

    def _make_global(self, item: LetItem) -> None:
        for binding in item.bindings:
            atoms = [self.atoms[value] for value in variables(binding.pattern, self.typing)]
            self._globals.update(dict.fromkeys(atom for atom in atoms if isinstance(atom, int)))
        self.functions.known.update(self._globals)

    # Definitions

    def _bindings(self, recursive: bool, bindings: tuple[LetBinding, ...], out: Builder) -> None:
        if recursive:
            self.functions.define(bindings, True, out)
            return
        for binding in bindings:
            if isinstance(uncurried(binding.value), Fun) and _variable(binding.pattern):
                self.functions.define((binding,), False, out)
                continue
            variable = _variable(binding.pattern)
            hint = self.typing.binders[variable].name if variable else "t"
            self.destructure(binding.pattern, self.expression(binding.value, out, hint), out)

    def destructure(self, pattern: Pattern, atom: Atom, out: Builder) -> None:
        """Bind the variables of a pattern that always fits; raises OcamlError for others."""
        match pattern:
            case AnyPattern():
                pass
            case VariablePattern():
                self.atoms[self.typing.binders[pattern]] = atom
            case AliasPattern():
                self.atoms[self.typing.binders[pattern]] = atom
                self.destructure(pattern.pattern, atom, out)
            case TypedPattern():
                self.destructure(pattern.pattern, atom, out)
            case TuplePattern():
                shape = tuple_shape(self.typing.patterns[pattern])
                for index, item in enumerate(pattern.items):
                    self._part(item, Field(shape, index, atom), out)
            case RecordPattern():
                for field, (_, item) in zip(self.typing.records[pattern], pattern.fields, strict=True):
                    self._part(item, Field(record_shape(field.of), field.index, atom), out)
            case LiteralPattern(scalar=Scalar.UNIT):
                pass
            case _:
                message = "here a pattern is a variable, _, (), tuple or record, which always fit; use 'match'"
                raise OcamlError(message, pattern.at)

    def _part(self, pattern: Pattern, load: Field, out: Builder) -> None:
        if _ignores(pattern):
            return
        variable = _variable(pattern)
        name = self.typing.binders[variable].name if variable else "t"
        self.destructure(pattern, out.let(kind(self.typing.patterns[pattern]), load, name), out)

    # Expressions

    def expression(self, node: Expression, out: Builder, name: str = "t") -> Atom:
        """Append what the expression does; the atom that holds its value. ``name``: what to call that, for people."""
        handler: Callable[[Any, Builder, str], Atom] = getattr(self, f"_{type(node).__name__.lower()}")
        return handler(node, out, name)

    def operands(self, nodes: tuple[Expression, ...], out: Builder) -> tuple[Atom, ...]:
        """Evaluate from right to left; the atoms from left to right."""
        self.order.check_operands(nodes)
        return tuple(reversed([self.expression(node, out) for node in reversed(nodes)]))

    def block(self, node: Expression) -> Block:
        """The expression as a block of its own."""
        out, id_ = Builder(self.ids), self.ids.block()
        return out.block(id_, self.expression(node, out))

    def _literal(self, node: Literal, out: Builder, name: str) -> Atom:
        return Constant(node.scalar, node.value)

    def _name(self, node: Any, out: Builder, name: str) -> Atom:
        return self._calls.name(node, out)

    def _apply(self, node: Any, out: Builder, name: str) -> Atom:
        return self._calls.apply(node, out, name)

    def _fun(self, node: Fun, out: Builder, name: str) -> Atom:
        return self.functions.anonymous(node, out)

    def _if(self, node: Any, out: Builder, name: str) -> Atom:
        return out.let(self.kind_of(node), self._matches.conditional(node, out), name)

    def _both(self, node: Any, out: Builder, name: str) -> Atom:
        return out.let(Kind.INT, self._matches.both(node, out), name)

    def _matchwith(self, node: Any, out: Builder, name: str) -> Atom:
        return out.let(self.kind_of(node), self._matches.match(node, out), name)

    def kind_of(self, node: Expression) -> Kind:
        """The representation of the expression's value."""
        return kind(self.typing.expressions[node])

    def _tuple(self, node: Tuple, out: Builder, name: str) -> Atom:
        shape = tuple_shape(self.typing.expressions[node])
        return out.let(Kind.BLOCK, Make(shape, self.operands(node.items, out)), name)

    def _construct(self, node: Construct, out: Builder, name: str) -> Atom:
        shape = constructor_shape(self.typing.constructors[node])
        args = self.operands(self.typing.arguments(node), out)
        return out.let(Kind.BLOCK, Make(shape, args), name) if args else Constant(Scalar.CONSTRUCTOR, shape)

    def _listof(self, node: ListOf, out: Builder, name: str) -> Atom:
        self.order.check_operands(node.items)
        empty, cons = (constructor_shape(constructor) for constructor in LIST.constructors)
        atom: Atom = Constant(Scalar.CONSTRUCTOR, empty)
        for item in reversed(node.items):
            atom = out.let(Kind.BLOCK, Make(cons, (self.expression(item, out), atom)), name)
        return atom

    def _arrayof(self, node: ArrayOf, out: Builder, name: str) -> Atom:
        element = element_kind(self.typing.expressions[node])
        return out.let(Kind.BLOCK, Prim(Primitive.ARRAY_OF, self.operands(node.items, out), element), name)

    def _recordof(self, node: RecordOf, out: Builder, name: str) -> Atom:
        fields = self.typing.records[node]
        shape = record_shape(fields[0].of)
        base = self.expression(node.base, out) if node.base is not None else UNIT
        given = {field.index: value for field, (_, value) in zip(fields, node.fields, strict=True)}
        self.order.check_operands(tuple(given.values()))
        atoms = [
            self.expression(given[field.index], out) if field.index in given else self._kept(field, base, out)
            for field in reversed(fields[0].of.fields)
        ]
        return out.let(Kind.BLOCK, Make(shape, tuple(reversed(atoms))), name)

    def _kept(self, field: RecordField, base: Atom, out: Builder) -> Atom:
        return out.let(kind(field.type), Field(record_shape(field.of), field.index, base), field.name)

    def _getfield(self, node: GetField, out: Builder, name: str) -> Atom:
        field = self.typing.fields[node]
        of = self.expression(node.of, out)
        return out.let(self.kind_of(node), Field(record_shape(field.of), field.index, of), name)

    def _assignfield(self, node: AssignField, out: Builder, name: str) -> Atom:
        field = self.typing.fields[node]
        of, value = self.operands((node.of, node.value), out)
        out.let(Kind.INT, SetField(record_shape(field.of), field.index, of, value), "u")
        return UNIT

    def _sequence(self, node: Sequence, out: Builder, name: str) -> Atom:
        for item in node.items[:-1]:
            self.expression(item, out, "u")
        return self.expression(node.items[-1], out, name)

    def _letin(self, node: LetIn, out: Builder, name: str) -> Atom:
        self._bindings(node.recursive, node.bindings, out)
        return self.expression(node.body, out, name)

    def _whiledo(self, node: WhileDo, out: Builder, name: str) -> Atom:
        out.let(Kind.INT, While(self.block(node.condition), self.block(node.body)), "u")
        return UNIT

    def _fordo(self, node: ForDo, out: Builder, name: str) -> Atom:
        first = self.expression(node.first, out)
        last = self.expression(node.last, out)
        variable = self._loop_variable(node)
        out.let(Kind.INT, For(variable, first, last, node.down, self.block(node.body)), "u")
        return UNIT

    def _loop_variable(self, node: ForDo) -> Variable:
        variable = self.ids.variable(Kind.INT, node.variable.name)
        self.atoms[self.typing.binders[node.variable]] = variable.id
        return variable

    def _typed(self, node: Typed, out: Builder, name: str) -> Atom:
        return self.expression(node.expression, out, name)


def _variable(pattern: Pattern) -> VariablePattern | None:
    while isinstance(pattern, TypedPattern):
        pattern = pattern.pattern
    return pattern if isinstance(pattern, VariablePattern) else None


def _ignores(pattern: Pattern) -> bool:
    while isinstance(pattern, TypedPattern):
        pattern = pattern.pattern
    unit = isinstance(pattern, LiteralPattern) and pattern.scalar is Scalar.UNIT
    return unit or isinstance(pattern, AnyPattern)
