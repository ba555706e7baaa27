"""OCaml text to tokens. Comments and white space disappear; every token knows its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from gymcc.envs.ocaml.frontend.errors import OcamlError
from gymcc.envs.ocaml.ir import Position

MAX_CHARACTERS = 1_000_000
_KEYWORDS = """
    and as assert asr begin class constraint do done downto else end exception external false for fun function functor
    if in include inherit initializer land lazy let lor lsl lsr lxor match method mod module mutable new nonrec object
    of open or private rec sig struct then to true try type val virtual when while with"""
KEYWORDS = frozenset(_KEYWORDS.split())
_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r\n\f]+)
    |(?P<comment>\(\*)
    |(?P<float>[0-9][0-9_]*(?:\.[0-9_]*(?:[eE][+-]?[0-9][0-9_]*)?|[eE][+-]?[0-9][0-9_]*)(?![\w.]))
    |(?P<int>(?:0[xX][0-9a-fA-F][0-9a-fA-F_]*|0[oO][0-7][0-7_]*|0[bB][01][01_]*|[0-9][0-9_]*)(?![\w']))
    |(?P<lower>[a-z_][\w']*)
    |(?P<upper>[A-Z][\w']*)
    |(?P<char>'(?:[^\\'\n]|\\(?:[\\"'ntbr\ ]|[0-9]{3}|x[0-9a-fA-F]{2}))')
    |(?P<string>"(?:[^"\\]|\\.|\\\n)*")
    |(?P<variable>'[a-z_]\w*)
    |(?P<symbol>;;|::|->|<-|:=|\[\||\|\]|\.\(|\.\[|&&|\|\||[()\[\]{},;]|[!?~][-!$%&*+./:<=>?@^|~]*|[-+*/%=<>@^|&$][-!$%&*+./:<=>?@^|~]*|[.:])""",
    re.VERBOSE | re.ASCII,
)
_ESCAPES = {"n": "\n", "t": "\t", "b": "\b", "r": "\r"}
_ESCAPE = re.compile(r"\\(?:([0-9]{3})|x([0-9a-fA-F]{2})|(\n[ \t]*)|(.))", re.DOTALL)
_OPERATORS = re.compile(r"[-+*/%=<>@^|&$!?~]")


class TokenKind(Enum):
    """What a token is."""

    LOWER = auto()
    UPPER = auto()
    KEYWORD = auto()
    INT = auto()
    FLOAT = auto()
    CHAR = auto()
    STRING = auto()
    VARIABLE = auto()  # of types: 'a
    SYMBOL = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A word of the source. ``text`` as it stands there; characters and strings are decoded, one char per byte."""

    kind: TokenKind
    text: str
    at: Position

    def __str__(self) -> str:
        return "the end of the file" if self.kind is TokenKind.END else f"'{self.text[:40]}'"

    def is_word(self, text: str) -> bool:
        """Whether this is the keyword or symbol ``text``."""
        return self.text == text and self.kind in (TokenKind.KEYWORD, TokenKind.SYMBOL)


def tokenize(source: str) -> tuple[Token, ...]:
    """All tokens, the last of kind END; raises OcamlError for what is no OCaml at all."""
    if len(source) > MAX_CHARACTERS:
        message = f"the source has {len(source)} characters; at most {MAX_CHARACTERS} are allowed"
        raise OcamlError(message, Position(1, 0))
    return tuple(_tokens(source))


def _tokens(source: str) -> Iterator[Token]:
    place, line, line_start = 0, 1, 0
    while place < len(source):
        at = Position(line, place - line_start)
        match = _TOKEN.match(source, place)
        if match is None:
            raise OcamlError(f"the character {source[place]!a} begins no token here", at)
        end = _comment_end(source, place, at) if match.lastgroup == "comment" else match.end()
        if match.lastgroup not in ("blank", "comment"):
            yield _token(match, at)
        if newlines := source.count("\n", place, end):
            line, line_start = line + newlines, source.rindex("\n", place, end) + 1
        place = end
    yield Token(TokenKind.END, "", Position(line, place - line_start))


def _token(match: re.Match[str], at: Position) -> Token:
    text, group = match[0], str(match.lastgroup)
    if group == "lower" and text in KEYWORDS:
        return Token(TokenKind.KEYWORD, text, at)
    if group in ("char", "string"):
        text = _decode(text[1:-1], at)
    return Token(TokenKind[group.upper()], text, at)


def _decode(text: str, at: Position) -> str:
    def replace(match: re.Match[str]) -> str:
        decimal, hexadecimal, newline, character = match.groups()
        if newline is not None:
            return ""
        if character is None:
            code = int(decimal) if decimal else int(hexadecimal, 16)
            if code > 255:
                raise OcamlError(f"the escape \\{decimal} is above 255", at)
            return chr(code)
        if character not in "\\\"' ntbr":
            raise OcamlError(f"the escape \\{character!a} is not known; allowed: \\\\ \\\" \\' \\n \\t \\b \\r", at)
        return _ESCAPES.get(character, character)

    if not text.isascii():
        raise OcamlError("characters and strings are ASCII; write other bytes as \\ddd", at)
    return _ESCAPE.sub(replace, text)


def _comment_end(source: str, start: int, at: Position) -> int:
    """Where the comment ends that opens at ``start``; comments nest, and strings in them hide their brackets."""
    depth, place = 1, start + 2
    inside = re.compile(r"\(\*|\*\)|\"(?:[^\"\\]|\\.)*\"|'(?:[^\\'\n]|\\[^\n]{1,3})'", re.DOTALL)
    while depth:
        match = inside.search(source, place)
        if match is None:
            raise OcamlError("the comment is not closed; '*)' is missing", at)
        depth += {"(*": 1, "*)": -1}.get(match[0], 0)
        place = match.end()
    return place


def is_operator(token: Token) -> bool:
    """Whether the token is an operator's symbol, possibly one that the program defines."""
    reserved = ("->", "<-", "|]", "|", "||", "&&", "~", "?")
    return token.kind is TokenKind.SYMBOL and bool(_OPERATORS.match(token.text)) and token.text not in reserved
