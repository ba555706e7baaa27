"""What RyuJIT writes out in place of well-known calls: comparisons with short texts, type tests of sealed classes."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from gymcc.envs.jitcse.ir import Node, Op, Type
from gymcc.envs.jitcse.trees import binary, compare, constant, field

MAX_TEXT = 8  # characters that two loads compare (impExpandHalfConstEquals in importervectorization.cpp)
TEXT_START = 12  # offset of a string's first character of 2 bytes
MAX_CHOICES = 4  # of ``x in ('a', 'b')`` written as comparisons
SEALED = frozenset({"str", "int", "float", "bool", "bytes"})


@dataclass(frozen=True, slots=True)
class TextTest:
    """``subject == text``, or ``subject.startswith(text)`` if not ``exact``; ``negated``: its opposite."""

    subject: ast.expr
    text: str
    exact: bool = True
    negated: bool = False


def text_test(node: ast.AST) -> TextTest | None:
    """The test that an expression makes of a short constant text, if it does."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq | ast.NotEq):
        text = short_text(node.comparators[0])
        return None if text is None else TextTest(node.left, text, negated=isinstance(node.ops[0], ast.NotEq))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "startswith":
        text = short_text(node.args[0]) if len(node.args) == 1 and not node.keywords else None
        return None if not text else TextTest(node.func.value, text, exact=False)
    return None


def choices(node: ast.AST) -> list[ast.expr]:
    """The constants of ``x in (1, 2)`` or ``x not in ...`` if they are few; else none."""
    if not (isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.In | ast.NotIn)):
        return []
    among = node.comparators[0]
    few = isinstance(among, ast.Tuple | ast.List | ast.Set) and 0 < len(among.elts) <= MAX_CHOICES
    if not few or not isinstance(among, ast.Tuple | ast.List | ast.Set):
        return []
    return among.elts if all(isinstance(each, ast.Constant) for each in among.elts) else []


def class_tests(node: ast.AST) -> list[ast.expr]:
    """The classes of ``isinstance(x, str)`` or ``isinstance(x, (A, B))`` where that takes jumps; else none.

    Several are tested one by one; the method table alone decides on a sealed one.
    """
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance"):
        return []
    if len(node.args) != 2 or node.keywords:
        return []
    classes = node.args[1]
    if isinstance(classes, ast.Tuple):
        named = all(isinstance(each, ast.Name | ast.Attribute) for each in classes.elts)
        return classes.elts if named else []
    return [classes] if is_sealed(classes) else []


def is_sealed(node: ast.expr) -> bool:
    """Whether an expression names a class without subclasses in C#."""
    return isinstance(node, ast.Name) and node.id in SEALED


def short_text(node: ast.expr) -> str | None:
    """A constant text that is short enough to be compared in place."""
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, str) and len(value) <= MAX_TEXT else None


def character(node: ast.expr) -> ast.expr:
    """A text of one character as the number that a ``char`` is; other expressions as they are."""
    value = node.value if isinstance(node, ast.Constant) else None
    return ast.Constant(ord(value)) if isinstance(value, str) and len(value) == 1 else node


def text_matches(subject: Node, text: str) -> Node:
    """Whether the characters of a string are those of ``text``: one load, or two that overlap, as an INT."""
    size = len(text)
    if size == 1:
        return _load_equals(Type.INT, subject, text + "\0")
    kind, width = (Type.INT, 2) if size < 4 else (Type.LONG, 4)
    if size == width:
        return _load_equals(kind, subject, text)
    ends = ((0, text[:width]), (size - width, text[-width:]))
    parts = [binary(Op.XOR, _load(kind, subject, start), constant(kind, _packed(part))) for start, part in ends]
    return compare(Op.EQ, binary(Op.OR, *parts), constant(kind, 0))


def _load_equals(kind: Type, subject: Node, text: str) -> Node:
    return compare(Op.EQ, _load(kind, subject, 0), constant(kind, _packed(text)))


def _load(kind: Type, subject: Node, start: int) -> Node:
    return field(kind, subject, TEXT_START + 2 * start)


def _packed(text: str) -> int:
    """Characters of 2 bytes as one signed number."""
    raw = b"".join((ord(each) & 0xFFFF).to_bytes(2, "little") for each in text)
    return int.from_bytes(raw, "little", signed=True)
