"""A file: its definitions in order."""

from __future__ import annotations

from gymcc.envs.ocaml.frontend.cursor import Cursor
from gymcc.envs.ocaml.frontend.lexer import TokenKind, tokenize
from gymcc.envs.ocaml.frontend.parse_blocks import parse_bindings
from gymcc.envs.ocaml.frontend.parse_types import parse_factors, parse_type
from gymcc.envs.ocaml.frontend.syntax import (
    ConstructorDeclaration,
    FieldDeclaration,
    Item,
    LetItem,
    ModuleItem,
    TypeDefinition,
    TypeItem,
)
from gymcc.envs.ocaml.ir import Position


def parse(source: str) -> tuple[Item, ...]:
    """The items of a file; raises OcamlError."""
    cursor = Cursor(tokenize(source))
    items = _items(cursor)
    if cursor.token.kind is not TokenKind.END:
        raise cursor.error("a definition: 'let', 'type' or 'module'; an expression alone is written 'let () = …'")
    return items


def _items(cursor: Cursor) -> tuple[Item, ...]:
    items: list[Item] = []
    while cursor.sees("let", "type", "module", ";;"):
        if not cursor.accept(";;"):
            items.append(_item(cursor))
    return tuple(items)


def _item(cursor: Cursor) -> Item:
    at = cursor.at
    if cursor.accept("type"):
        definitions = [_type_definition(cursor)]
        while cursor.accept("and"):
            definitions.append(_type_definition(cursor))
        return TypeItem(at, tuple(definitions))
    if cursor.accept("module"):
        return _module(cursor, at)
    recursive, bindings = parse_bindings(cursor)
    if cursor.sees("in"):
        raise cursor.error("another definition; 'let () = let … in …' evaluates an expression")
    return LetItem(at, recursive, bindings)


def _module(cursor: Cursor, at: Position) -> ModuleItem:
    name = cursor.expect_kind(TokenKind.UPPER, "the module's name").text
    if cursor.sees("(", ":"):
        raise cursor.error("'= struct'; functors and signatures are not of the subset: use records of functions")
    cursor.expect("=", "after the module's name")
    cursor.expect("struct", "to begin the module's body")
    with cursor.nested():
        items = _items(cursor)
    cursor.expect("end", "to close the module")
    return ModuleItem(at, name, items)


def _type_definition(cursor: Cursor) -> TypeDefinition:
    parameters = _parameters(cursor)
    at = cursor.at
    name = cursor.expect_kind(TokenKind.LOWER, "the type's name").text
    cursor.expect("=", "in the definition of the type")
    if cursor.accept("{"):
        return TypeDefinition(at, name, parameters, None, (), _fields(cursor))
    if cursor.sees("|") or _is_constructor(cursor):
        return TypeDefinition(at, name, parameters, None, _constructors(cursor), ())
    return TypeDefinition(at, name, parameters, parse_type(cursor), (), ())


def _is_constructor(cursor: Cursor) -> bool:
    return cursor.token.kind is TokenKind.UPPER and not cursor.ahead(1).is_word(".")


def _parameters(cursor: Cursor) -> tuple[str, ...]:
    if cursor.token.kind is TokenKind.VARIABLE:
        return (cursor.take().text,)
    if not cursor.accept("("):
        return ()
    names = [cursor.expect_kind(TokenKind.VARIABLE, "a type variable").text]
    while cursor.accept(","):
        names.append(cursor.expect_kind(TokenKind.VARIABLE, "a type variable").text)
    cursor.expect(")", "to close the type's parameters")
    return tuple(names)


def _constructors(cursor: Cursor) -> tuple[ConstructorDeclaration, ...]:
    cursor.accept("|")
    found = [_constructor(cursor)]
    while cursor.accept("|"):
        found.append(_constructor(cursor))
    return tuple(found)


def _constructor(cursor: Cursor) -> ConstructorDeclaration:
    at = cursor.at
    name = cursor.expect_kind(TokenKind.UPPER, "a constructor").text
    args = parse_factors(cursor) if cursor.accept("of") else ()
    return ConstructorDeclaration(at, name, args)


def _fields(cursor: Cursor) -> tuple[FieldDeclaration, ...]:
    fields = []
    while not cursor.sees("}"):
        mutable, at = cursor.accept("mutable"), cursor.at
        name = cursor.expect_kind(TokenKind.LOWER, "a field").text
        cursor.expect(":", "after the field's name")
        fields.append(FieldDeclaration(at, name, parse_type(cursor), mutable))
        if not cursor.accept(";"):
            break
    cursor.expect("}", "to close the record type")
    return tuple(fields)
