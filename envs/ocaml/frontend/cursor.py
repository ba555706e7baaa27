"""A place among the tokens, and what a parser asks there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gymcc.envs.ocaml.frontend.errors import OcamlError
from gymcc.envs.ocaml.frontend.lexer import Token, TokenKind
from gymcc.envs.ocaml.ir import Position

MAX_DEPTH = 4_000  # brackets, operators and lets inside each other


class Cursor:
    """Reads tokens from left to right; ``token`` is the next one. The last token, END, is never passed."""

    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0
        self.token = tokens[0]

    @property
    def at(self) -> Position:
        """Where the next token stands."""
        return self.token.at

    def ahead(self, count: int) -> Token:
        """The token ``count`` places after the next one."""
        return self._tokens[min(self._next + count, len(self._tokens) - 1)]

    def take(self) -> Token:
        """The next token, passed."""
        token = self.token
        if token.kind is not TokenKind.END:
            self._next += 1
            self.token = self._tokens[self._next]
        return token

    def sees(self, *words: str) -> bool:
        """Whether the next token is one of these keywords or symbols."""
        return self.token.kind in (TokenKind.KEYWORD, TokenKind.SYMBOL) and self.token.text in words

    def accept(self, word: str) -> bool:
        """Pass the keyword or symbol if it is next."""
        if not self.sees(word):
            return False
        self.take()
        return True

    def expect(self, word: str, why: str) -> Token:
        """Pass the keyword or symbol; raises OcamlError if something else is next. ``why``: "to close '('"."""
        if not self.sees(word):
            raise self.error(f"'{word}' {why}")
        return self.take()

    def expect_kind(self, kind: TokenKind, what: str) -> Token:
        """Pass a token of that kind; ``what`` names it for the error."""
        if self.token.kind is not kind:
            raise self.error(what)
        return self.take()

    def error(self, expected: str) -> OcamlError:
        """That something else was expected here."""
        return OcamlError(f"found {self.token}, expected {expected}", self.at)

    @contextmanager
    def nested(self) -> Iterator[None]:
        """One level deeper; raises OcamlError where the source is nested too deep to be meant."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise OcamlError(f"nested deeper than {MAX_DEPTH} levels", self.at)
        yield
        self._depth -= 1
