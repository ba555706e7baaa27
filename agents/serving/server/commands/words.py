"""Reading the words of a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf

from gymcc.agents.serving.protocol.names import shard_key
from gymcc.agents.serving.server.context import Args
from gymcc.agents.serving.server.errors import NOT_INTEGER, SYNTAX, CommandError, readable

SHARD = shard_key(0, "")  # what a clustered client puts before models and scripts; there is one shard here


def plain(key: bytes) -> bytes:
    """The key of a model or script without the prefix of the shard: both kinds of clients mean the same one."""
    return key.removeprefix(SHARD)


def integer(word: bytes, least: int = -(1 << 63)) -> int:
    """A whole number; raises :class:`CommandError`."""
    try:
        number = int(word) if len(word) <= 20 else least - 1
    except ValueError:
        raise CommandError(NOT_INTEGER) from None
    if not least <= number < 1 << 63:
        raise CommandError(NOT_INTEGER)
    return number


class Words:
    """The words of a request after its first ones, taken one by one."""

    def __init__(self, args: Args, at: int) -> None:
        self.args = args
        self.at = at

    def __bool__(self) -> bool:
        return self.at < len(self.args)

    def next(self) -> bytes:
        """The next word; raises :class:`CommandError` at the end."""
        if self.at >= len(self.args):
            raise CommandError(SYNTAX)
        self.at += 1
        return self.args[self.at - 1]

    def keyword(self) -> bytes:
        """The next word in capitals."""
        return self.next().upper()

    def number(self) -> int:
        """The next word as a whole number of 0 or more."""
        return integer(self.next(), 0)

    def several(self) -> tuple[bytes, ...]:
        """A count and so many words."""
        count = self.number()
        if count > len(self.args) - self.at:
            raise CommandError(SYNTAX)
        self.at += count
        return tuple(self.args[self.at - count : self.at])

    def until(self, *keywords: bytes) -> tuple[bytes, ...]:
        """The words up to one of the keywords, or to the end."""
        begin = self.at
        while self and self.args[self.at].upper() not in keywords:
            self.at += 1
        return tuple(self.args[begin : self.at])

    def rest(self) -> tuple[bytes, ...]:
        """All words left."""
        begin, self.at = self.at, len(self.args)
        return tuple(self.args[begin:])


class Options:
    """What a request's options say; those that are not given have the values that mean nothing."""

    def __init__(self, found: Mapping[bytes, object]) -> None:
        self._found = found

    def __contains__(self, name: bytes) -> bool:
        return name in self._found

    def word(self, name: bytes) -> bytes:
        """One word; empty if not given."""
        value = self._found.get(name, b"")
        assert isinstance(value, bytes)
        return value

    def words(self, name: bytes) -> tuple[bytes, ...]:
        """Several words."""
        value = self._found.get(name, ())
        assert isinstance(value, tuple)
        return value

    def number(self, name: bytes) -> int:
        """A whole number; 0 if not given."""
        value = self._found.get(name, 0)
        assert isinstance(value, int)
        return value

    def timeout(self) -> float:
        """``TIMEOUT`` in seconds; infinite if not given."""
        return self.number(b"TIMEOUT") / 1000 if b"TIMEOUT" in self else inf


def options(words: Words, readers: Mapping[bytes, Callable[[], object]]) -> Options:
    """Options in any order, each read by its reader; raises :class:`CommandError` at one that is not known."""
    found: dict[bytes, object] = {}
    while words:
        name = words.keyword()
        if name not in readers:
            known = ", ".join(key.decode() for key in readers)
            raise CommandError(f"ERR Invalid argument '{readable(name)}'; allowed are {known}")
        found[name] = readers[name]()
    return Options(found)
