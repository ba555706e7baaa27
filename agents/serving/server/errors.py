"""What the server refuses, in the words that RedisAI's and Redis's clients know."""

from __future__ import annotations

NO_TENSOR = "ERR tensor key is empty or in a different shard"
NO_MODEL = "ERR model key is empty"
NO_SCRIPT = "ERR script key is empty"
WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value"
BAD_BLOB = "ERR data length does not match tensor shape and type"
BAD_DEVICE = "ERR Invalid DEVICE"
BAD_BACKEND = "ERR unsupported backend"
NO_CODE = "NOPERM models that can run code, and scripts, are switched off on this server (gymcc serve --allow-code)"
NOT_INTEGER = "ERR value is not an integer or out of range"
SYNTAX = "ERR syntax error"
NO_KEY = "ERR no such key"
NO_AUTH = "NOAUTH Authentication required."
NO_MEMORY = "OOM command not allowed when used memory > 'maxmemory'"
BEGINNING, END = 120, 280  # characters of a library's message that are passed on


class CommandError(Exception):
    """A request that is refused; its text is the error reply, beginning with a word in capitals."""


class ProtocolError(Exception):
    """Bytes that are no requests; the connection is told so and closed."""


def arity(name: bytes) -> CommandError:
    """The error of a command with too few or too many arguments."""
    return CommandError(f"ERR wrong number of arguments for '{readable(name)}' command")


def readable(raw: bytes) -> str:
    """Bytes of a client as text for a message: short, on one line, printable."""
    text = raw[:80].decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def one_line(error: BaseException) -> str:
    """A library's message on one line; of a long one the middle is left out, for the cause may be at either end."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= BEGINNING + END else f"{text[:BEGINNING]} … {text[-END:]}"
