"""AI.TENSORSET and AI.TENSORGET."""

from __future__ import annotations

from typing import Any

import numpy as np

from gymcc.agents.serving.server import replies
from gymcc.agents.serving.server.context import Args, Command, Session
from gymcc.agents.serving.server.errors import BAD_BLOB, SYNTAX, CommandError
from gymcc.agents.serving.server.store import Keyspace, get_tensor
from gymcc.agents.serving.server.values import Layout, Tensor, layout, tensor

BLOB, VALUES, META = b"BLOB", b"VALUES", b"META"


async def tensor_set(session: Session, store: Keyspace, args: Args) -> bytes:
    """``AI.TENSORSET key TYPE dim… [BLOB bytes | VALUES number…]``; neither: zeros."""
    if args[-2] == BLOB:
        value = tensor(layout(args[2], tuple(args[3:-2])), args[-1])
    else:
        value = _spelled(args, session.server.settings.max_request)
    await store.put(args[1], value)
    return replies.OK


async def tensor_get(session: Session, store: Keyspace, args: Args) -> bytes:
    """``AI.TENSORGET key [META] [BLOB | VALUES]``."""
    held = await get_tensor(store, args[1])
    wanted = args[2:]
    if wanted == [META, BLOB]:
        return b"%b%b\r\n" % (held.layout.head, held.blob)
    return _described(held, [word.upper() for word in wanted] or [META, BLOB])


def _spelled(args: Args, limit: int) -> Tensor:
    """The tensor of a request in one of its rarer forms."""
    words = [word.upper() for word in args[: 5 + 32]]
    if VALUES in words[3:]:
        at = words.index(VALUES, 3)
        kind = layout(args[2], tuple(args[3:at]))
        return tensor(kind, _parsed(kind, args[at + 1 :]))
    if words[-2] == BLOB:
        return tensor(layout(args[2], tuple(args[3:-2])), args[-1])
    kind = layout(args[2], tuple(args[3:]))
    if kind.size > limit > 0:
        raise CommandError(f"ERR a tensor has {limit} bytes at most")
    return tensor(kind, bytes(kind.size))


def _parsed(kind: Layout, numbers: Args) -> bytes:
    try:
        made = np.array([float(word) if kind.dtype.kind == "f" else int(word) for word in numbers], kind.dtype)
    except (ValueError, OverflowError):
        raise CommandError("ERR invalid value") from None
    if made.nbytes != kind.size:
        raise CommandError(BAD_BLOB)
    return made.tobytes()


def _described(held: Tensor, wanted: list[bytes]) -> bytes:
    known = ([META], [BLOB], [VALUES], [META, BLOB], [META, VALUES], [BLOB, META], [VALUES, META])
    if wanted not in known:
        raise CommandError(SYNTAX)
    if wanted == [META]:
        return b"*4\r\n" + held.layout.meta
    if META not in wanted:
        return replies.bulk(held.blob) if wanted == [BLOB] else _numbers(held)
    if BLOB in wanted:
        return held.layout.head + held.blob + b"\r\n"
    return b"*6\r\n" + held.layout.meta + replies.bulk("values") + _numbers(held)


def _numbers(held: Tensor) -> bytes:
    numbers: list[Any] = held.array().ravel().tolist()
    if held.layout.dtype.kind == "f":
        return replies.bulks([repr(number) for number in numbers])
    return replies.array([replies.integer(number) for number in numbers])


TABLE = {b"AI.TENSORSET": Command(tensor_set, 4), b"AI.TENSORGET": Command(tensor_get, 2, 4)}
