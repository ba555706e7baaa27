"""AI.DAGEXECUTE: several tensor and model commands in one request, with tensors of their own."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import pairwise
from math import inf

from gymcc.agents.serving.server import replies
from gymcc.agents.serving.server.commands import models, scripts, tensors
from gymcc.agents.serving.server.commands.words import Words, options
from gymcc.agents.serving.server.context import Args, Command, Session
from gymcc.agents.serving.server.errors import CommandError, arity, readable
from gymcc.agents.serving.server.store import Keyspace, Store, get_tensor
from gymcc.agents.serving.server.values import Tensor, Value

THEN = b"|>"
Step = Callable[[Session, Keyspace, Args], Awaitable[bytes]]
STEPS: Mapping[bytes, tuple[Step, int]] = {
    b"AI.TENSORSET": (tensors.tensor_set, 4),
    b"AI.TENSORGET": (tensors.tensor_get, 2),
    b"AI.MODELEXECUTE": (models.model_execute, 5),
    b"AI.MODELRUN": (models.model_run, 4),
    b"AI.SCRIPTEXECUTE": (scripts.script_execute, 3),
    b"AI.SCRIPTRUN": (scripts.script_run, 4),
}
TIMED = (models.model_execute, models.model_run, scripts.script_execute, scripts.script_run)


class Scratch:
    """The tensors of one DAG; models, and the tensors that it may load, come from the keyspace."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.tensors: dict[bytes, Value] = {}

    async def get(self, key: bytes) -> Value | None:
        if key in self.tensors:
            return self.tensors[key]
        value = await self._store.get(key)
        return None if type(value) is Tensor else value

    async def put(self, key: bytes, value: Value) -> None:
        self.tensors[key] = value

    async def get_many(self, keys: Sequence[bytes]) -> Sequence[Value | None]:
        return [await self.get(key) for key in keys]

    async def put_many(self, values: Mapping[bytes, Value]) -> None:
        self.tensors.update(values)

    def chosen(self, keys: Sequence[bytes]) -> Mapping[bytes, Value]:
        """Some of the tensors; raises :class:`CommandError`."""
        for key in keys:
            if key not in self.tensors:
                raise CommandError(f"ERR PERSIST key cannot be found in DAG: {readable(key)}")
        return {key: self.tensors[key] for key in keys}


async def execute(session: Session, store: Store, args: Args) -> bytes:
    """``AI.DAGEXECUTE [LOAD n key…] [PERSIST n key…] [ROUTING tag] [TIMEOUT ms] |> command… |> command…``

    An array of the replies. After a command that fails the others are not done (`NA`), and nothing is persisted.
    """
    return await _execute(session, store, args, (b"LOAD", b"PERSIST"))


async def execute_only(session: Session, store: Store, args: Args) -> bytes:
    """``AI.DAGEXECUTE_RO``: as ``AI.DAGEXECUTE``, and persists nothing."""
    return await _execute(session, store, args, (b"LOAD",))


async def _execute(session: Session, store: Store, args: Args, lists: tuple[bytes, ...]) -> bytes:
    head, *steps = _pieces(args)
    words = Words(head, 1)
    scalars = {b"ROUTING": words.next, b"TIMEOUT": words.number}
    given = options(words, {**dict.fromkeys(lists, words.several), **scalars})
    scratch = Scratch(store)
    for key in given.words(b"LOAD"):
        scratch.tensors[key] = await get_tensor(store, key)
    done = await _done(session, scratch, steps, given.timeout())
    if not any(reply.startswith(b"-") for reply in done):
        await store.put_many(scratch.chosen(given.words(b"PERSIST")))
    return replies.array(done)


async def _done(session: Session, scratch: Scratch, steps: list[Args], timeout: float) -> list[bytes]:
    """The replies of the steps, up to the first error and ``NA`` from there on."""
    deadline = time.monotonic() + timeout
    done: list[bytes] = []
    for args in steps:
        step = _known(args)
        if deadline < inf and step in TIMED:
            args = [*args, b"TIMEOUT", b"%d" % max(1, round((deadline - time.monotonic()) * 1000))]
        try:
            done.append(await step(session, scratch, args))
        except CommandError as error:
            done.append(replies.error(str(error)))
            break
    return done + [replies.simple("NA")] * (len(steps) - len(done))


def _known(args: Args) -> Step:
    """The step of a command; raises :class:`CommandError` for one that a DAG may not have."""
    found = STEPS.get(args[0].upper())
    if found is None:
        allowed = b", ".join(STEPS).decode()
        raise CommandError(f"ERR unsupported command within DAG: {readable(args[0])}; allowed are {allowed}")
    step, least = found
    if len(args) < least:
        raise arity(args[0])
    return step


def _pieces(args: Args) -> list[Args]:
    """The words before the first ``|>``, then those of each command; raises :class:`CommandError`."""
    cuts = [-1]
    for at, word in enumerate(args):
        if word == THEN and not _lacks_blob(args[cuts[-1] + 1 : at]):
            cuts.append(at)
    pieces = [args[begin + 1 : end] for begin, end in pairwise([*cuts, len(args)])]
    if len(pieces) < 2 or not all(pieces):
        raise CommandError("ERR DAG is empty, or one of its commands is")
    return pieces


def _lacks_blob(command: Args) -> bool:
    """Whether the next word is the blob of a tensor, which may well be the bytes ``|>``."""
    if len(command) <= 3 or command[0].upper() != b"AI.TENSORSET" or command[-1].upper() != tensors.BLOB:
        return False
    return all(word.upper() != tensors.BLOB for word in command[3:-1])  # the last one is not itself the blob


TABLE = {
    b"AI.DAGEXECUTE": Command(execute, 3),
    b"AI.DAGEXECUTE_RO": Command(execute_only, 3),
}
