r"""Methods as text, one line each.

``max(ii|i)i: @1 $2=lt($0,$1) branch($2) >1,2 @1 return($1) @1 return($0)`` reads: name; types of the parameters, then
of the other locals; type of the result; ``*`` here if weights come from a profile; blocks. A block is ``@`` and its
weight, statements, and ``>`` with its successors, if any. Trees are written as calls, with

* types as letters: o reference, i int, l long, f float, d double, s struct, m simd, v void;
* ``$3`` for local 3 and ``$3=value`` for a store to it;
* constants as a letter and a number: ``i7``, ``d-0.5``;
* ``field.o8(object)``: the type after a dot where the arguments do not tell it, then the payload;
  ``call.i:name(arguments)`` for the two payloads that are names.

Blank space separates statements and means nothing else. :func:`read` accepts exactly what :func:`write` writes, and
other spacing; its errors give the column, and :func:`read_lines` the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from gymcc.envs.jitcse.ir import COMPARISONS, Block, Method, Node, Op, Type
from gymcc.envs.jitcse.wellformed import MAX_DEPTH, Malformed, check

MAX_CHARACTERS = 1_000_000  # of a line; the largest function of Python's library needs 200,000
LETTERS = dict(zip("oilfdsmv", Type, strict=True))
_LETTER_OF = {kind: letter for letter, kind in LETTERS.items()}
_CONSTANTS = {letter: LETTERS[letter] for letter in "oilfdm"}
_OPS = {str(op): op for op in Op if op not in (Op.LOCAL, Op.CONST, Op.STORE_LOCAL)}
_NAMED = frozenset({Op.CALL, Op.HELPER})
_TYPED = frozenset({Op.HANDLE, Op.FIELD, Op.STATIC, Op.ELEM, Op.CAST}) | _NAMED
_NUMBERED = frozenset({Op.HANDLE, Op.FIELD, Op.STATIC, Op.STORE_FIELD, Op.STORE_STATIC})
_VOID = frozenset({Op.BOUNDS, Op.STORE_FIELD, Op.STORE_STATIC, Op.STORE_ELEM, Op.BRANCH, Op.RETURN})
_INT = COMPARISONS | {Op.LENGTH}

_NUMBER = r"-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|inf)"
_HEAD = re.compile(r"\s*([A-Za-z0-9_.#/-]+)\(([oilfdsm]*)\|([oilfdsm]*)\)([oilfdsmv])(\*?):", re.ASCII)
_WEIGHT = re.compile(rf"\s*@({_NUMBER})", re.ASCII)
_SUCCESSORS = re.compile(r"\s*>\s*(\d{1,9})(?:\s*,\s*(\d{1,9}))?", re.ASCII)
_LOCAL = re.compile(r"\s*\$(\d{1,9})(=?)", re.ASCII)
_CONSTANT = re.compile(rf"\s*([oilfdm])({_NUMBER})", re.ASCII)
_OPERATION = re.compile(r"\s*([a-z_]+)(?:\.([oilfdsmv]))?(?::([A-Za-z0-9_.#/-]+)|(\d{1,10}))?\(", re.ASCII)
_BLOCK_ENDS = re.compile(r"\s*([@>]|$)", re.ASCII)
_CLOSE = re.compile(r"\s*\)", re.ASCII)
_COMMA = re.compile(r"\s*,", re.ASCII)
_TREE_HELP = "allowed: a local such as $3, a constant such as i7, an operation such as add(...)"


def write(method: Method) -> str:
    """The method in one line."""
    kinds = "".join(_LETTER_OF[kind] for kind in method.locals)
    parameters, others = kinds[: method.parameters], kinds[method.parameters :]
    profiled = "*" if method.profiled else ""
    head = f"{method.name}({parameters}|{others}){_LETTER_OF[method.result]}{profiled}:"
    return " ".join([head, *(_write_block(block) for block in method.blocks)])


def _write_block(block: Block) -> str:
    jump = [f">{','.join(map(str, block.successors))}"] if block.successors else []
    return " ".join([f"@{_number(block.weight)}", *(write_tree(tree) for tree in block.statements), *jump])


def write_tree(node: Node) -> str:
    """A tree as :func:`write` spells it."""
    if node.op is Op.LOCAL:
        return f"${node.payload}"
    if node.op is Op.STORE_LOCAL:
        return f"${node.payload}={write_tree(node.args[0])}"
    if node.op is Op.CONST:
        assert isinstance(node.payload, int | float)
        return f"{_LETTER_OF[node.type]}{_number(node.payload)}"
    kind = f".{_LETTER_OF[node.type]}" if node.op in _TYPED else ""
    payload = "" if node.payload is None else f":{node.payload}" if node.op in _NAMED else str(node.payload)
    return f"{node.op}{kind}{payload}({','.join(map(write_tree, node.args))})"


def _number(value: int | float) -> str:
    """As short as it reads back; the type tells ``1`` from ``1.0``."""
    return repr(value).removesuffix(".0")


def read(text: str) -> Method:
    """Inverse of :func:`write`; raises ValueError naming the column and what is allowed, or the rule broken."""
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"a method of {len(text)} characters; allowed: {MAX_CHARACTERS}")
    method = _Reader(text).method()
    try:
        check(method)
    except Malformed as error:
        raise ValueError(f"method {method.name}: {error}") from error
    return method


def read_lines(lines: Iterable[str]) -> Iterator[Method]:
    """The methods of a text with one a line; blank lines and those that start with # are skipped.

    Raises ValueError naming the line, also for a name that was there before.
    """
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            method = read(line)
        except ValueError as error:
            raise ValueError(f"line {number}, {error}") from error
        if method.name in seen:
            raise ValueError(f"line {number}: {method.name} again, first in line {seen[method.name]}")
        seen[method.name] = number
        yield method


class _Reader:
    """A recursive-descent parser over one line."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.locals: tuple[Type, ...] = ()

    def method(self) -> Method:
        match = self._expect(_HEAD, "a head such as name(oi|d)i:")
        name, parameters, others, result, profiled = match.groups()
        self.locals = tuple(LETTERS[letter] for letter in parameters + others)
        blocks = []
        while self.text[self.at :].strip():
            blocks.append(self._block())
        return Method(name, self.locals, len(parameters), tuple(blocks), LETTERS[result], bool(profiled))

    def _block(self) -> Block:
        match = self._expect(_WEIGHT, "a block's @ and weight")
        statements = []
        while not _BLOCK_ENDS.match(self.text, self.at):
            statements.append(self._tree(MAX_DEPTH))
        jump = self._match(_SUCCESSORS)
        successors = tuple(int(number) for number in jump.groups() if number) if jump else ()
        return Block(tuple(statements), successors, float(match[1]))

    def _tree(self, depth: int) -> Node:
        if depth == 0:
            raise self._error(f"a tree deeper than {MAX_DEPTH}")
        if match := self._match(_LOCAL):
            return self._local(match, depth)
        if match := self._match(_CONSTANT):
            return self._constant(match)
        return self._operation(self._expect(_OPERATION, _TREE_HELP.removeprefix("allowed: ")), depth)

    def _local(self, match: re.Match[str], depth: int) -> Node:
        number = int(match[1])
        if number >= len(self.locals):
            raise self._error(f"local {number} of {len(self.locals)}, counted from 0", match)
        if match[2]:
            return Node(Op.STORE_LOCAL, Type.VOID, (self._tree(depth - 1),), number)
        return Node(Op.LOCAL, self.locals[number], (), number)

    def _constant(self, match: re.Match[str]) -> Node:
        kind = _CONSTANTS[match[1]]
        try:
            value = float(match[2]) if kind.floating else int(match[2])
        except ValueError as error:
            raise self._error(
                f"constant {match[0].strip()!r}; allowed: a whole number after o, i and l", match
            ) from error
        return Node(Op.CONST, kind, (), value)

    def _operation(self, match: re.Match[str], depth: int) -> Node:
        word, letter, name, number = match.groups()
        op = _OPS.get(word)
        if op is None:
            raise self._error(f"unknown operation {word!r}; allowed: {', '.join(_OPS)}", match)
        if (letter is not None, name is not None, number is not None) != (op in _TYPED, op in _NAMED, op in _NUMBERED):
            raise self._error(f"{match[0].strip()!r} has the wrong type or payload; written {_form(op)}", match)
        args = self._arguments(depth)
        payload = name if name is not None else None if number is None else int(number)
        return Node(op, self._type(op, letter, args, match), args, payload)

    def _arguments(self, depth: int) -> tuple[Node, ...]:
        args: list[Node] = []
        while not self._match(_CLOSE):
            if args:
                self._expect(_COMMA, "',' or ')'")
            args.append(self._tree(depth - 1))
        return tuple(args)

    def _type(self, op: Op, letter: str | None, args: tuple[Node, ...], match: re.Match[str]) -> Type:
        if letter is not None:
            return LETTERS[letter]
        if op in _VOID or op in _INT:
            return Type.VOID if op in _VOID else Type.INT
        if not args:
            raise self._error(f"{op} without arguments", match)
        return args[-1 if op is Op.COMMA else 0].type

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()
        return match

    def _expect(self, pattern: re.Pattern[str], allowed: str) -> re.Match[str]:
        match = self._match(pattern)
        if match is None:
            found = self.text[self.at : self.at + 20].strip() or "the end"
            raise self._error(f"{found!r}; allowed: {allowed}")
        return match

    def _error(self, what: str, match: re.Match[str] | None = None) -> ValueError:
        start = self.at if match is None else match.start()
        start += len(self.text[start:]) - len(self.text[start:].lstrip())
        return ValueError(f"column {start + 1}: {what}")


def _form(op: Op) -> str:
    """How an operation is spelt, for an error."""
    payload = ":name" if op in _NAMED else "8" if op in _NUMBERED else ""
    return f"{op}{'.i' if op in _TYPED else ''}{payload}(...)"
