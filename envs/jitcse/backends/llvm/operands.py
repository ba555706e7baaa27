"""Operands of assembly in AT&T syntax."""

from __future__ import annotations

import re

OPERAND = re.compile(r"[^,(]*\([^)]*\)|[^,]+")
MEMORY = re.compile(r"([^(]*)\(([^)]*)\)")  # displacement, then base, index and scale


def split(text: str) -> list[str]:
    """The operands, the destination last."""
    return [operand.strip() for operand in OPERAND.findall(text)]


def is_memory(operand: str) -> bool:
    """Whether it is in memory: neither register nor immediate."""
    return operand[0] not in "%$"
