"""What single expressions are, by their form alone."""

from __future__ import annotations

import ast


def called_name(node: ast.expr) -> str:
    """The last part of the name of what is called; empty if it has none."""
    if not isinstance(node, ast.Call):
        return ""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def is_float(node: ast.expr) -> bool:
    """Whether an expression is a constant with a fraction."""
    return isinstance(node, ast.Constant) and isinstance(node.value, float)


def is_display(node: ast.expr) -> bool:
    """Whether an expression spells a text, a list or a tuple."""
    text = isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
    return text or isinstance(node, ast.List | ast.Tuple | ast.JoinedStr)


def is_character(node: ast.expr) -> bool:
    """Whether an expression is a text of one character."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str | bytes) and len(node.value) == 1


def is_none(node: ast.expr) -> bool:
    """Whether an expression is ``None``."""
    return isinstance(node, ast.Constant) and node.value is None


def literal_of(value: ast.expr | None) -> ast.Constant | None:
    """A number or a text that an expression spells, if it does; negative numbers are computed."""
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub) and isinstance(value.operand, ast.Constant):
        number = value.operand.value
        return ast.Constant(-number) if isinstance(number, int | float) and not isinstance(number, bool) else None
    known = isinstance(value, ast.Constant) and isinstance(value.value, int | float | str | bytes)
    return value if known and isinstance(value, ast.Constant) else None


def text_of(node: ast.expr) -> str | None:
    """The text that an expression spells, if it does."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
