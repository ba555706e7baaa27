"""How values lie in a Redis: hashes and lists as its own, all else as strings that begin with what they are.

A string that does not begin with :data:`MAGIC` is a plain one. After it come the kind's letter and

- tensor ``T``: type and shape as ``FLOAT 2 3``, a line feed, the blob;
- model ``M``: the length of the head in 8 hexadecimal digits, the head as a RESP array, the blob;
- script ``S``: a RESP array; alias ``A``: the target; plain string ``X`` that happens to begin with the magic itself.
"""

from __future__ import annotations

import hiredis

from gymcc.agents.serving.protocol.resp import Part, encode_command
from gymcc.agents.serving.server.errors import CommandError
from gymcc.agents.serving.server.values import Alias, Model, Script, Tensor, Text, layout, tensor

MAGIC = b"\0gymcc1"
LETTERS = {Tensor: b"T", Model: b"M", Script: b"S", Alias: b"A", Text: b"X"}
START = len(MAGIC) + 1  # where a record's content begins
DIGITS = 8  # of the length of a model's head
String = Tensor | Model | Script | Alias | Text


def encode(value: String) -> bytes:
    """The string that a value is kept as."""
    if isinstance(value, Text) and not value.value.startswith(MAGIC):
        return value.value
    return MAGIC + LETTERS[type(value)] + _content(value)


def decode(raw: bytes) -> String:
    """Inverse of :func:`encode`; a model's blob may be missing. Raises :class:`CommandError`."""
    if not raw.startswith(MAGIC):
        return Text(raw)
    letter, content = raw[len(MAGIC) : START], raw[START:]
    try:
        match letter:
            case b"T":
                return _tensor(content)
            case b"M":
                return _model(content)
            case b"S":
                device, digest, tag, source, *entries = _parsed(content)
                return Script(device.decode(), source, digest.decode(), tag, tuple(entries))
            case b"A":
                return Alias(content)
            case b"X":
                return Text(content)
    except (ValueError, hiredis.ProtocolError) as error:
        raise CommandError(f"ERR the store holds a damaged value: {error}") from error
    raise CommandError(f"ERR the store holds a value of a newer version of gymcc: {letter!r}")


def _content(value: String) -> bytes:
    match value:
        case Tensor():
            return b"%b %b\n%b" % (value.layout.name, b" ".join(b"%d" % dim for dim in value.layout.shape), value.blob)
        case Model():
            names: list[Part] = [len(value.inputs), *value.inputs, *value.outputs]
            head = encode_command(value.backend, value.device, value.digest, value.tag, *value.batch, *names)
            return b"%0*x%b%b" % (DIGITS, len(head), head, value.blob)
        case Script():
            return encode_command(value.device, value.digest, value.tag, value.source, *value.entries)
        case Alias():
            return value.target
        case Text():
            return value.value


def _tensor(content: bytes) -> Tensor:
    words, _, blob = content.partition(b"\n")
    name, *dims = words.split(b" ")
    return tensor(layout(name, tuple(dims)), blob)


def _model(content: bytes) -> Model:
    end = DIGITS + int(content[:DIGITS], 16)
    backend, device, digest, tag, size, least, wait, count, *names = _parsed(content[DIGITS:end])
    inputs, outputs = tuple(names[: int(count)]), tuple(names[int(count) :])
    batch = (int(size), int(least), int(wait))
    return Model(backend.decode(), device.decode(), content[end:], digest.decode(), tag, batch, inputs, outputs)


def _parsed(content: bytes) -> list[bytes]:
    reader = hiredis.Reader()
    reader.feed(content)
    words = reader.gets()
    if type(words) is not list:
        raise ValueError("a record is cut short")
    return words
