"""Clients send a command again, on a new connection, when its reply is late: RPUSH must not count twice.

For a client that comes back to another server of the same Redis see :mod:`.redis_pushes`.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gymcc.agents.serving.server.limits import RETRY_WINDOW

if TYPE_CHECKING:
    from gymcc.agents.serving.server.context import Args, Session

REMEMBERED = 10_000  # pushes
PUSHED = b"RPUSH"


class Retries:
    """The latest pushes, by their words.

    A push is one sent again if the same words came by another connection lately, as its last command, and the client
    has given that connection up. Live clients that push the same, or one that pushes it twice, mean it.
    """

    def __init__(self) -> None:
        self._latest: OrderedDict[tuple[bytes, ...], tuple[Session, float]] = OrderedDict()

    def is_repeated(self, session: Session, args: Args) -> bool:
        """Whether this push was executed before. Notes it for the next time."""
        key, now = tuple(args[1:]), time.monotonic()
        earlier, at = self._latest.pop(key, (session, 0.0))
        self._latest[key] = session, now
        if len(self._latest) > REMEMBERED:
            self._latest.popitem(last=False)
        return earlier is not session and now - at < RETRY_WINDOW and earlier.last == PUSHED and earlier.peer.gone()


def holds(recent: Sequence[bytes], elements: Sequence[bytes]) -> bool:
    """Whether the elements lie there one after another."""
    length = len(elements)
    return any(list(recent[at : at + length]) == list(elements) for at in range(len(recent) - length + 1))
