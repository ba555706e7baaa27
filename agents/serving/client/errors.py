"""What can go wrong between client and server; all are :class:`ServingError`."""

from __future__ import annotations

from collections.abc import Sequence

from gymcc.agents.serving.protocol.resp import Part

_SHOWN = 100  # characters of a request


class ServingError(RuntimeError):
    """An operation failed; the message says which, where and why."""


class ConnectionFailed(ServingError):
    """No connection could be made, or none that the server lets in."""


class DeadlineExceeded(ServingError, TimeoutError):
    """The server did not answer in time. Whether it did what it was asked is unknown."""


class OutcomeUnknown(ServingError):
    """The connection broke after a request that must not be sent twice; it may or may not have been carried out."""


class ProtocolError(ServingError):
    """The server answered something else than the protocol says."""


class ReplyError(ServingError):
    """The server refused a command: ``command`` with its first arguments, ``text`` as the server wrote it."""

    def __init__(self, command: str, text: str) -> None:
        super().__init__(f"{command}: {text}")
        self.command, self.text = command, text

    def __reduce__(self) -> tuple[type[ReplyError], tuple[str, str]]:
        return type(self), (self.command, self.text)


class UnknownKey(ReplyError, KeyError):
    """There is nothing under that name."""

    __str__ = RuntimeError.__str__  # KeyError's shows the quotes of the text


class WrongType(ReplyError):
    """There is something else under that name."""


class OutOfMemory(ReplyError):
    """The server holds as much as it may."""


class Unavailable(ReplyError):
    """The server cannot do it now: the Redis behind it is away, loading or busy, or it has too many clients.

    Later it may. Where the Redis did not answer in time, it may have done it.
    """


class NotAllowed(ReplyError):
    """The server wants a password, or a right one, or forbids the command."""


_BY_CODE: dict[str, type[ReplyError]] = {
    "WRONGTYPE": WrongType,
    "OOM": OutOfMemory,
    **dict.fromkeys(("UNAVAILABLE", "LOADING", "BUSY", "TRYAGAIN", "MASTERDOWN", "CLUSTERDOWN"), Unavailable),
    "NOAUTH": NotAllowed,
    "WRONGPASS": NotAllowed,
    "NOPERM": NotAllowed,
}
_UNKNOWN = ("key is empty", "no such key")
_FULL = "ERR max number of clients"


def refusal(parts: Sequence[Part], text: str) -> ReplyError:
    """The error for the reply ``-text`` to the command ``parts``."""
    kind = Unavailable if text.startswith(_FULL) else _BY_CODE.get(text.split(" ", 1)[0])
    if kind is None:
        kind = UnknownKey if any(sign in text.lower() for sign in _UNKNOWN) else ReplyError
    return kind(shown(parts), text)


def shown(parts: Sequence[Part]) -> str:
    """The beginning of a command, as text on one line."""
    text = " ".join(_text(part) for part in parts[:3])
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _text(part: Part) -> str:
    if isinstance(part, (str, int)):
        return str(part)
    return bytes(part[:_SHOWN]).decode(errors="backslashreplace")
