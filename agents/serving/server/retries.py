"""Clients send a command again, on a new connection, when its reply is late: RPUSH must not count twice.

For a client that comes back to another server of the same Redis see :mod:`.redis_pushes`.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING

from gymcc.agents.serving.server.limits import RETRY_WINDOW

if TYPE_CHECKING:
    from gymcc.agents.serving.server.context import Args, Session

REMEMBERED = 10_000  # pushes
PUSHED = b"RPUSH"


class Retries:
    """The latest pushes.

    A push is one sent again if the same words came by another connection lately, as its last command, and the client
    has given that connection up. Live clients that push the same, or one that pushes it twice, mean it.
    """

    def __init__(self) -> None:
        self._latest: OrderedDict[bytes, tuple[Session, float]] = OrderedDict()  # by digest, oldest first

    def is_repeated(self, session: Session, args: Args) -> bool:
        """Whether this push was executed before. Notes it for the next time."""
        key, now = digest(args[1:]), time.monotonic()
        earlier, _ = self._known(now).pop(key, (session, now))
        self._latest[key] = session, now
        return earlier is not session and earlier.last == PUSHED and earlier.peer.gone()

    def forget(self) -> None:
        """None of them will be sent again."""
        self._latest.clear()

    def restarted(self) -> None:
        """All pushes so far were read back by a server that was started anew: whether their clients know is unknown."""
        for session, _ in self._latest.values():
            session.last = PUSHED

    def _known(self, now: float) -> OrderedDict[bytes, tuple[Session, float]]:
        """Those that may be sent again."""
        while self._latest:
            _, at = next(iter(self._latest.values()))
            if now - at < RETRY_WINDOW and len(self._latest) < REMEMBERED:
                break
            self._latest.popitem(last=False)
        return self._latest


def digest(words: Sequence[bytes]) -> bytes:
    """Stands for the words of a push, which may be many."""
    found = blake2b(digest_size=16)
    for word in words:
        found.update(b"%d " % len(word) + word)
    return found.digest()


def holds(recent: Sequence[bytes], elements: Sequence[bytes]) -> bool:
    """Whether the elements lie there one after another."""
    length = len(elements)
    return any(list(recent[at : at + length]) == list(elements) for at in range(len(recent) - length + 1))
