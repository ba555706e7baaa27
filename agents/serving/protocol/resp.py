"""Requests of RESP2: arrays of bulk strings.

Replies are parsed by ``hiredis.Reader``, and so are requests in the server.
"""

from __future__ import annotations

Part = bytes | bytearray | memoryview | str | int


def encode_command(*parts: Part) -> bytes:
    """The request with the command's name and arguments ``parts``; str is sent as UTF-8, int in decimal."""
    if not parts:
        raise ValueError("a command needs a name")
    pieces: list[bytes | bytearray | memoryview] = [b"*%d\r\n" % len(parts)]
    for part in parts:
        data = _bytes(part)
        pieces += (b"$%d\r\n" % len(data), data, b"\r\n")
    return b"".join(pieces)


def _bytes(part: Part) -> bytes | bytearray | memoryview:
    if isinstance(part, str):
        return part.encode()
    if isinstance(part, (bytes, bytearray)):
        return part
    if isinstance(part, memoryview):
        return part.cast("B")
    if type(part) is int:
        return b"%d" % part
    raise ValueError(f"a part of a command is bytes, str or int, got {type(part).__name__}")
