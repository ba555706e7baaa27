"""A place in the tokens of a source, for the parser: look, take, demand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from gymcc.envs.nitta.frontend.errors import LuaError
from gymcc.envs.nitta.frontend.lexer import Token, TokenKind

MAX_OPERATORS = 150
_Item = TypeVar("_Item")
_ARITHMETIC = "operators are + - * / << >>, comparisons, and, or, not; a remainder is r in q, r = x / y"
_STATEMENT = (
    "statements are assignments, send(x), debug.trace(...) and the function's call of itself; if_mux(c, a, b) chooses"
)
_LITERAL = "values are numbers; 1 is true and 0 is false"
_HINTS = (
    {"~=": "comparisons are ==, <, <=, >, >=", ";": "one statement per line needs no semicolons"}
    | dict.fromkeys(("%", "//", "^", "&", "|", "~", "..", "#"), _ARITHMETIC)
    | dict.fromkeys(("if", "while", "for", "repeat", "do", "goto", "break", "::"), _STATEMENT)
    | dict.fromkeys(("{", "[", "true", "false", "nil", "..."), _LITERAL)
)


class Cursor:
    """Reads tokens from the left to the right."""

    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self._tokens = tokens
        self._place = 0
        self._operators = 0

    @property
    def token(self) -> Token:
        """The token that comes next."""
        return self._tokens[self._place]

    def take(self) -> Token:
        """The next token, which is left behind; the END stays."""
        token = self.token
        if token.kind is not TokenKind.END:
            self._place += 1
        return token

    def sees(self, *texts: str) -> bool:
        """Whether one of these words or symbols comes next."""
        return self.token.kind in (TokenKind.SYMBOL, TokenKind.KEYWORD) and self.token.text in texts

    def accept(self, text: str) -> bool:
        """Takes this word or symbol if it comes next."""
        found = self.sees(text)
        if found:
            self.take()
        return found

    def demand(self, text: str, what: str) -> Token:
        """Takes this word or symbol; otherwise LuaError."""
        if not self.sees(text):
            raise self.refuse(f"'{text}' {what}")
        return self.take()

    def name(self, what: str) -> Token:
        """Takes a name; otherwise LuaError."""
        if self.token.kind is not TokenKind.NAME:
            raise self.refuse(what)
        return self.take()

    def list_of(self, item: Callable[[Cursor], _Item]) -> tuple[_Item, ...]:
        """One or more items, separated by commas."""
        items = [item(self)]
        while self.accept(","):
            items.append(item(self))
        return tuple(items)

    def begin_statement(self) -> None:
        """Counts operators afresh."""
        self._operators = 0

    def count_operator(self) -> None:
        """Keeps trees so flat that recursion over them is safe."""
        self._operators += 1
        if self._operators > MAX_OPERATORS:
            raise LuaError(
                f"the statement has more than {MAX_OPERATORS} operators, calls and parentheses; "
                "name intermediate results in statements of their own",
                self.token.at,
            )

    def refuse(self, expected: str) -> LuaError:
        """The error for the next token, with what would be right in its place."""
        hint = _HINTS.get(self.token.text) if self.token.kind is not TokenKind.STRING else None
        if self.token.kind is TokenKind.STRING:
            hint = "strings may stand in debug.trace(...) only"
        if hint:
            return LuaError(f"{self.token} is not supported; {hint}", self.token.at)
        return LuaError(f"expected {expected}, found {self.token}", self.token.at)
