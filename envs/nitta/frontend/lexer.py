"""Lua text to tokens. Comments and white space disappear; every token knows its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from gymcc.envs.nitta.frontend.errors import LuaError, Position

MAX_CHARACTERS = 65_536
_KEYWORDS = re.compile(
    "and|break|do|else|elseif|end|false|for|function|goto|if|in|local|nil|not|or|repeat|return|then|true|until|while"
)
_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r\n\f\v]+)
    |(?P<block>--\[=*\[)
    |(?P<comment>--[^\n]*)
    |(?P<number>0[xX][\w.]*|\.?[0-9](?:[eE][+-]|[\w.])*)
    |(?P<word>[A-Za-z_]\w*)
    |(?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
    |(?P<symbol>\.\.\.|<<|>>|//|==|~=|<=|>=|::|\.\.|[-+*/%^\#&~|<>=(){}\[\];:,.])""",
    re.VERBOSE | re.ASCII,
)


class TokenKind(Enum):
    """What a token is."""

    NAME = auto()
    KEYWORD = auto()
    NUMBER = auto()
    STRING = auto()
    SYMBOL = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A word of the source; ``text`` as it stands there, empty at the end of the source."""

    kind: TokenKind
    text: str
    at: Position

    def __str__(self) -> str:
        return "the end of the source" if self.kind is TokenKind.END else f"'{self.text}'"


_KINDS = {"number": TokenKind.NUMBER, "string": TokenKind.STRING, "symbol": TokenKind.SYMBOL}


def tokenize(source: str) -> tuple[Token, ...]:
    """All tokens, the last of kind END; raises LuaError for what is no Lua at all."""
    if len(source) > MAX_CHARACTERS:
        raise LuaError(f"the source has {len(source)} characters; at most {MAX_CHARACTERS} are allowed", Position(1, 1))
    return tuple(_tokens(source))


def _tokens(source: str) -> Iterator[Token]:
    place, line, line_start = 0, 1, 0
    while place < len(source):
        at = Position(line, place - line_start + 1)
        match = _TOKEN.match(source, place)
        if match is None:
            raise _no_token(source[place], at)
        end = _block_end(source, match, at) if match.lastgroup == "block" else match.end()
        if match.lastgroup not in ("blank", "block", "comment"):
            yield Token(_kind(match), match[0], at)
        if newlines := source.count("\n", place, end):
            line, line_start = line + newlines, source.rindex("\n", place, end) + 1
        place = end
    yield Token(TokenKind.END, "", Position(line, place - line_start + 1))


def _kind(match: re.Match[str]) -> TokenKind:
    if match.lastgroup == "word":
        return TokenKind.KEYWORD if _KEYWORDS.fullmatch(match[0]) else TokenKind.NAME
    return _KINDS[str(match.lastgroup)]


def _block_end(source: str, match: re.Match[str], at: Position) -> int:
    """Where the block comment that ``match`` opens ends; its brackets hold as many ``=`` on both sides."""
    closing = match[0][2:].replace("[", "]")
    end = source.find(closing, match.end())
    if end < 0:
        raise LuaError(f"the comment is not closed; '{closing}' is missing", at)
    return end + len(closing)


def _no_token(character: str, at: Position) -> LuaError:
    if character in "\"'":
        return LuaError("the string is not closed on its line", at)
    return LuaError(f"the character {character!a} is not allowed outside of comments and strings", at)
