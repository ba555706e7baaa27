"""A decision asked for again: bytes that are those of an earlier one but for the numbers of its tensors.

A client that decides sends ``AI.TENSORSET``…, ``AI.MODELEXECUTE`` and ``AI.TENSORGET``… in one piece, over and over.
What the words say is found out at the first time; after that they are only compared, and the requests are not parsed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import hiredis

from gymcc.agents.serving.protocol.resp import encode_command
from gymcc.agents.serving.server import replies
from gymcc.agents.serving.server.commands.models import Execution, execution
from gymcc.agents.serving.server.context import Server
from gymcc.agents.serving.server.errors import CommandError
from gymcc.agents.serving.server.limits import MAX_KEY
from gymcc.agents.serving.server.local import LocalStore
from gymcc.agents.serving.server.quick import executed
from gymcc.agents.serving.server.values import Layout, Tensor, layout

SET, RUN, GET, BLOB, ASKED = b"AI.TENSORSET", b"AI.MODELEXECUTE", b"AI.TENSORGET", b"BLOB", [b"META", b"BLOB"]
MORE: Any = object()
END = b"\r\n"
KINDS = 8  # of decisions that a connection knows at a time
TRIES = 16  # pieces without a decision after which a connection is not looked at any more
LARGEST = 1 << 18  # bytes of a piece that is looked at


class Put(NamedTuple):
    """Where a piece has a tensor: after ``words``, which begin at ``at``."""

    words: bytes
    at: int
    begin: int
    end: int
    key: bytes
    kind: Layout


class Decision:
    """The words of a decision's requests."""

    def __init__(self, puts: Sequence[Put], called: Execution, tail: bytes) -> None:
        self._puts = puts
        self._called = called
        self._tail = tail
        self._done = replies.OK * (len(puts) + 1)
        self.commands = len(puts) + 1 + len(called.outputs)

    def matches(self, data: bytes) -> bool:
        """Whether a piece of the same length has the same words."""
        return data.endswith(self._tail) and all(data.startswith(put.words, put.at) for put in self._puts)

    def answer(self, server: Server, store: LocalStore, data: bytes) -> bytes | None:
        """The replies. None, or whatever error: the requests have to be executed one by one, from the first."""
        arrays = []
        for put in self._puts:
            tensor = Tensor(put.kind, data[put.begin : put.end])
            store.place(put.key, tensor)
            arrays.append(tensor.array())
        key, _, outputs, _ = self._called
        made = executed(server, store, key, arrays, self._puts[0].kind.shape[0], outputs)
        if made is None:
            return None
        return self._done + b"".join([b"%b%b\r\n" % (tensor.layout.head, tensor.blob) for tensor in made])


class Memory:
    """The decisions of one connection, for as long as it sends whole requests in a piece: of what comes after half a
    request the beginning cannot be told. Connections that send other things soon go without.
    """

    def __init__(self) -> None:
        self._known: dict[int, Decision] = {}  # by length of the piece
        self._left = TRIES

    def find(self, data: bytes) -> Decision | None:
        """The decision that a piece asks for, if it was asked for before."""
        known = self._known.get(len(data)) if self._left else None
        if known is None or not known.matches(data):
            return None
        self._left = TRIES
        return known

    def learn(self, data: bytes) -> None:
        """Look at a piece that is none of those; it has been found harmless to parse."""
        if not self._left:
            return
        self._left -= 1
        requests = whole(data) if len(data) <= LARGEST else None
        if requests is None:
            self.forget()
        elif (found := decision(requests)) is not None:
            if len(self._known) >= KINDS:
                self._known.clear()
            self._known[len(data)] = found

    def forget(self) -> None:
        """From now on a piece may be the rest of a request, whatever it looks like."""
        self._left = 0


def whole(data: bytes) -> list[list[bytes]] | None:
    """The requests of which a piece consists; None if it is anything but whole requests, spelled as clients do."""
    reader = hiredis.Reader(notEnoughData=MORE)
    reader.feed(data)
    requests: list[list[bytes]] = []
    try:
        while (request := reader.gets()) is not MORE:
            requests.append(request)
        return requests if b"".join(encode_command(*request) for request in requests) == data else None
    except (hiredis.HiredisError, TypeError, ValueError):  # what is none is said by the connection
        return None


def decision(requests: Sequence[Sequence[bytes]]) -> Decision | None:
    """The decision that requests ask for, if they do nothing else."""
    sets = [request for request in requests if request[0] == SET]
    rest = requests[len(sets) :]
    if not sets or not rest or rest[0][0] != RUN or list(requests[: len(sets)]) != sets:
        return None
    try:
        called = execution(tuple(rest[0]))
        puts, carried = _puts(sets)
    except (CommandError, IndexError):
        return None
    keys = [*called.inputs, *called.outputs]
    gets = [[GET, key, *ASKED] for key in called.outputs]
    if [put.key for put in puts] != list(called.inputs) or list(map(list, rest[1:])) != gets:
        return None
    if not gets or len(set(keys)) < len(keys) or max(map(len, keys)) > MAX_KEY:
        return None
    return Decision(puts, called, carried + b"".join(encode_command(*request) for request in rest))


def _puts(sets: Sequence[Sequence[bytes]]) -> tuple[list[Put], bytes]:
    """Where the tensors lie, and what follows the last; raises :class:`CommandError`."""
    puts, at, carried = [], 0, b""
    for request in sets:
        kind, blob = layout(request[2], tuple(request[3:-2])), request[-1]
        if request[-2] != BLOB or len(blob) != kind.size:
            raise CommandError("ERR no tensor")
        words = carried + encode_command(*request)[: -len(blob) - len(END)]
        begin = at + len(words)
        puts.append(Put(words, at, begin, begin + len(blob), request[1], kind))
        at, carried = begin + len(blob), END
    return puts, carried
