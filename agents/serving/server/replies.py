"""Replies in RESP2, encoded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

OK = b"+OK\r\n"
PONG = b"+PONG\r\n"
NIL = b"$-1\r\n"
EMPTY = b"*0\r\n"
ZERO = b":0\r\n"
ONE = b":1\r\n"


def integer(number: int) -> bytes:
    """An integer."""
    return b":%d\r\n" % number


def bulk(value: bytes | str | None) -> bytes:
    """A string of any bytes; None is nil."""
    if value is None:
        return NIL
    raw = value if isinstance(value, bytes) else value.encode()
    return b"$%d\r\n%b\r\n" % (len(raw), raw)


def simple(text: str) -> bytes:
    """A status, such as OK."""
    return f"+{text}\r\n".encode()


def error(text: str) -> bytes:
    """An error; line ends in the text would end the reply early."""
    return f"-{' '.join(text.split())}\r\n".encode("utf-8", "replace")


def array(parts: Sequence[bytes]) -> bytes:
    """An array of encoded replies."""
    return b"*%d\r\n" % len(parts) + b"".join(parts)


def bulks(values: Sequence[bytes | str | None]) -> bytes:
    """An array of strings."""
    return array([bulk(value) for value in values])


def pairs(items: Iterable[tuple[str, bytes | str | int]]) -> bytes:
    """A flat array of names and values, as RESP2 has it for a map."""
    encoded = [(bulk(name), integer(value) if isinstance(value, int) else bulk(value)) for name, value in items]
    return array([part for pair in encoded for part in pair])
