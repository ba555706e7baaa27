"""Expressions that begin with a keyword, and sequences."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gymcc.envs.ocaml.frontend import parse_expressions
from gymcc.envs.ocaml.frontend.cursor import Cursor
from gymcc.envs.ocaml.frontend.lexer import TokenKind
from gymcc.envs.ocaml.frontend.parse_patterns import parse_pattern, parse_simple_pattern, starts_pattern
from gymcc.envs.ocaml.frontend.parse_types import parse_type
from gymcc.envs.ocaml.frontend.syntax import (
    Expression,
    ForDo,
    Fun,
    If,
    LetBinding,
    LetIn,
    MatchCase,
    MatchWith,
    Name,
    Pattern,
    Sequence,
    Typed,
    TypedPattern,
    VariablePattern,
    WhileDo,
)

MATCHED = "*matched"  # the parameter of `function`; no source can name it
_SEQUENCE_ENDS = ("done", "end", ")", "]", "|]", "}", "in", "then", "else", "with", "|", "and", "do", "let", "type")


def parse_sequence(cursor: Cursor) -> Expression:
    """``a; b; c``; a last ``;`` may follow."""
    with cursor.nested():
        at = cursor.at
        items = [parse_expressions.parse_expression(cursor)]
        while cursor.accept(";"):
            if cursor.token.kind is TokenKind.END or (cursor.sees(*_SEQUENCE_ENDS) and not cursor.sees("let")):
                break
            items.append(parse_expressions.parse_expression(cursor))
        return items[0] if len(items) == 1 else Sequence(at, tuple(items))


def parse_bindings(cursor: Cursor) -> tuple[bool, tuple[LetBinding, ...]]:
    """``let rec p = e and …``: whether recursive, and the bindings."""
    cursor.expect("let", "to begin a definition")
    recursive = cursor.accept("rec")
    bindings = [_binding(cursor)]
    while cursor.accept("and"):
        bindings.append(_binding(cursor))
    return recursive, tuple(bindings)


def _binding(cursor: Cursor) -> LetBinding:
    at, pattern = cursor.at, parse_simple_or_tuple(cursor)
    params = []
    while isinstance(pattern, VariablePattern) and starts_pattern(cursor):
        params.append(parse_simple_pattern(cursor))
    result = parse_type(cursor) if cursor.accept(":") else None
    cursor.expect("=", "in the definition")
    value = parse_sequence(cursor)
    if params:
        value = Typed(value.at, value, result) if result else value
        return LetBinding(pattern, Fun(at, tuple(params), value))
    return LetBinding(TypedPattern(at, pattern, result) if result else pattern, value)


def parse_simple_or_tuple(cursor: Cursor) -> Pattern:
    """The left side of a definition: a name or operator alone if parameters follow, else any pattern."""
    simple = cursor.token.kind is TokenKind.LOWER or (cursor.sees("(") and cursor.ahead(2).is_word(")"))
    following = cursor.ahead(1) if cursor.token.kind is TokenKind.LOWER else cursor.ahead(3)
    if simple and not any(following.is_word(word) for word in (",", "::", "as", "|")):
        return parse_simple_pattern(cursor)
    return parse_pattern(cursor)


def _let(cursor: Cursor) -> Expression:
    definitions = []
    while cursor.sees("let"):  # no recursion: there may be hundreds
        definitions.append((cursor.at, *parse_bindings(cursor)))
        cursor.expect("in", "after the local definition")
    body = parse_sequence(cursor)
    for at, recursive, bindings in reversed(definitions):
        body = LetIn(at, recursive, bindings, body)
    return body


def _fun(cursor: Cursor) -> Expression:
    at = cursor.take().at
    params = [parse_simple_pattern(cursor)]
    while starts_pattern(cursor):
        params.append(parse_simple_pattern(cursor))
    cursor.expect("->", "after the parameters")
    return Fun(at, tuple(params), parse_sequence(cursor))


def _function(cursor: Cursor) -> Expression:
    at = cursor.take().at
    match = MatchWith(at, Name(at, MATCHED), _cases(cursor))
    return Fun(at, (VariablePattern(at, MATCHED),), match)


def _match(cursor: Cursor) -> Expression:
    at = cursor.take().at
    of = parse_sequence(cursor)
    cursor.expect("with", "after what is matched")
    return MatchWith(at, of, _cases(cursor))


def _cases(cursor: Cursor) -> tuple[MatchCase, ...]:
    cursor.accept("|")
    cases = [_case(cursor)]
    while cursor.accept("|"):
        cases.append(_case(cursor))
    return tuple(cases)


def _case(cursor: Cursor) -> MatchCase:
    pattern = parse_pattern(cursor)
    guard = parse_sequence(cursor) if cursor.accept("when") else None
    cursor.expect("->", "after the pattern")
    return MatchCase(pattern, guard, parse_sequence(cursor))


def _if(cursor: Cursor) -> Expression:
    at = cursor.take().at
    condition = parse_sequence(cursor)
    cursor.expect("then", "after the condition")
    then = parse_expressions.parse_expression(cursor)
    otherwise = parse_expressions.parse_expression(cursor) if cursor.accept("else") else None
    return If(at, condition, then, otherwise)


def _while(cursor: Cursor) -> Expression:
    at = cursor.take().at
    condition = parse_sequence(cursor)
    return WhileDo(at, condition, _body(cursor))


def _for(cursor: Cursor) -> Expression:
    at = cursor.take().at
    variable = VariablePattern(cursor.at, cursor.expect_kind(TokenKind.LOWER, "the loop's variable").text)
    cursor.expect("=", "after the loop's variable")
    first = parse_sequence(cursor)
    if not cursor.sees("to", "downto"):
        raise cursor.error("'to' or 'downto'")
    down = cursor.take().text == "downto"
    last = parse_sequence(cursor)
    return ForDo(at, variable, first, last, down, _body(cursor))


def _body(cursor: Cursor) -> Expression:
    cursor.expect("do", "before the loop's body")
    body = parse_sequence(cursor)
    cursor.expect("done", "after the loop's body")
    return body


def _unsupported(cursor: Cursor) -> Expression:
    raise cursor.error("an expression of the subset, which has no exceptions, objects, lazy values or local modules")


BLOCKS: Mapping[str, Callable[[Cursor], Expression]] = {
    "let": _let,
    "fun": _fun,
    "function": _function,
    "match": _match,
    "if": _if,
    "while": _while,
    "for": _for,
} | dict.fromkeys(("try", "assert", "lazy", "object", "new"), _unsupported)
