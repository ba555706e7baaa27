"""The three commands of a decision once more, for what is most often the case, in a third of the time.

Each does what its namesake in ``commands`` does where the keyspace is in this process, the model is compiled and quick,
and nothing is wrong. In every other case it raises or returns None, with nothing done, and its namesake is called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import perf_counter

from gymcc.agents.serving.server import replies
from gymcc.agents.serving.server.commands.models import execution
from gymcc.agents.serving.server.context import Args, Server
from gymcc.agents.serving.server.limits import MAX_KEY
from gymcc.agents.serving.server.local import LocalStore
from gymcc.agents.serving.server.values import Alias, Array, Tensor, from_array, layout

Quick = Callable[[Server, LocalStore, Args], bytes | None]


def tensor_set(server: Server, store: LocalStore, args: Args) -> bytes | None:
    """``AI.TENSORSET key TYPE dim… BLOB bytes``"""
    kind, key, blob = layout(args[2], tuple(args[3:-2])), args[1], args[-1]
    if args[-2] != b"BLOB" or type(blob) is not bytes or type(key) is not bytes:
        return None
    if len(blob) != kind.size or len(key) > MAX_KEY:
        return None
    store.place(key, Tensor(kind, blob))
    return replies.OK


def tensor_get(server: Server, store: LocalStore, args: Args) -> bytes | None:
    """``AI.TENSORGET key META BLOB``"""
    held = store.find(args[1])
    if type(held) is not Tensor or args[2:] != [b"META", b"BLOB"]:
        return None
    return b"%b%b\r\n" % (held.layout.head, held.blob)


def model_execute(server: Server, store: LocalStore, args: Args) -> bytes | None:
    """``AI.MODELEXECUTE key INPUTS n tensor… OUTPUTS n tensor… [TIMEOUT ms]``"""
    key, inputs, outputs, _ = execution(tuple(args))
    held = [store.find(name) for name in inputs]
    arrays = [tensor.array() for tensor in held]  # type: ignore[union-attr]  # as no other kind of value
    rows = held[0].layout.shape[0]  # type: ignore[union-attr]
    return None if executed(server, store, key, arrays, rows, outputs) is None else replies.OK


def executed(
    server: Server, store: LocalStore, key: bytes, arrays: Sequence[Array], rows: int, outputs: Sequence[bytes]
) -> Sequence[Tensor] | None:
    """Run a model and put its outputs, which are given; None if it cannot be run at once."""
    model = store.find(key)
    if type(model) is Alias:
        key = model.target
        model = store.find(key)
    engine = model.compiled  # type: ignore[union-attr]  # what is no model has none, which raises
    if rows > engine.quick or engine.batcher is not None:
        return None
    begin = perf_counter()
    results = engine.runner.run(arrays)
    seconds = perf_counter() - begin
    made = [from_array(result) for result in results]
    store.place_many(dict(zip(outputs, made, strict=True)))
    engine.note(seconds, rows)
    server.statistics.of(key).note(seconds, rows)
    return made


QUICK: Mapping[bytes, Quick] = {
    b"AI.TENSORSET": tensor_set,
    b"AI.TENSORGET": tensor_get,
    b"AI.MODELEXECUTE": model_execute,
}
