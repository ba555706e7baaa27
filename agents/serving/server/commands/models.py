"""AI.MODEL…: networks stored, run and described, and their aliases."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from itertools import pairwise
from time import perf_counter
from typing import NamedTuple

from gymcc.agents.serving.server import replies, runners
from gymcc.agents.serving.server.commands.words import Options, Words, options, plain
from gymcc.agents.serving.server.context import Args, Command, Session
from gymcc.agents.serving.server.errors import NO_MODEL, SYNTAX, CommandError, readable
from gymcc.agents.serving.server.store import Keyspace, Store, get_arrays, get_model
from gymcc.agents.serving.server.values import Alias, Model, from_array

BATCHING = (b"BATCHSIZE", b"MINBATCHSIZE", b"MINBATCHTIMEOUT")  # each needs the one before


async def model_store(session: Session, store: Store, args: Args) -> bytes:
    """``AI.MODELSTORE key BACKEND device [TAG t] [BATCHSIZE n] … [INPUTS n …] [OUTPUTS n …] BLOB chunk…``"""
    server, key = session.server, plain(args[1])
    backend, device = readable(args[2]).upper(), readable(args[3]).upper()
    runners.check(backend, device, server.settings)
    model = await server.host.in_thread(_made, backend, device, _described(args))
    old = await store.get(key)
    if type(old) is Alias:
        raise CommandError(
            f"ERR {readable(key)} is an alias of {readable(old.target)}; store a version, move the alias"
        )
    if type(old) is Model and old.digest == model.digest:  # sent again
        server.statistics.repeated += 1
        return replies.OK
    if not session.loading:
        await server.host.prepare(model)
    await store.put(key, model)
    server.statistics.runs.pop(key, None)
    return replies.OK


async def model_get(session: Session, store: Store, args: Args) -> bytes:
    """``AI.MODELGET key [META] [BLOB]``"""
    _, model = await get_model(store, plain(args[1]))
    wanted = {word.upper() for word in args[2:]} or {b"META", b"BLOB"}
    if wanted == {b"BLOB"}:
        return replies.bulk(model.blob)
    if not wanted <= {b"META", b"BLOB"}:
        raise CommandError(SYNTAX)
    size, least, wait = model.batch
    parts = [
        *(replies.bulk(text) for text in ("backend", model.backend, "device", model.device, "tag", model.tag)),
        *(replies.bulk("batchsize"), replies.integer(size), replies.bulk("minbatchsize"), replies.integer(least)),
        *(replies.bulk("inputs"), replies.bulks(model.inputs), replies.bulk("outputs"), replies.bulks(model.outputs)),
        *(replies.bulk("minbatchtimeout"), replies.integer(wait)),
    ]
    return replies.array(parts + [replies.bulk("blob"), replies.bulk(model.blob)] * (b"BLOB" in wanted))


async def model_delete(session: Session, store: Store, args: Args) -> bytes:
    """``AI.MODELDEL key``; of an alias, only the alias goes."""
    key = plain(args[1])
    if not isinstance(await store.get(key), Model | Alias):
        raise CommandError(NO_MODEL)
    await store.delete([key])
    session.server.statistics.runs.pop(key, None)
    return replies.OK


class Execution(NamedTuple):
    """What a request to run a model says."""

    key: bytes
    inputs: Sequence[bytes]
    outputs: Sequence[bytes]
    timeout: float  # seconds


async def model_execute(session: Session, store: Keyspace, args: Args) -> bytes:
    """``AI.MODELEXECUTE key INPUTS n tensor… OUTPUTS n tensor… [TIMEOUT ms]``"""
    return await _execute(session, store, execution(tuple(args)))


async def model_run(session: Session, store: Keyspace, args: Args) -> bytes:
    """``AI.MODELRUN key [TIMEOUT ms] INPUTS tensor… OUTPUTS tensor…``: the older form, without counts."""
    words = Words(args, 2)
    keywords = (b"INPUTS", b"OUTPUTS", b"TIMEOUT")
    lists = {name: lambda: words.until(*keywords) for name in keywords[:2]}
    given = options(words, {**lists, b"TIMEOUT": words.number})
    called = Execution(plain(args[1]), given.words(b"INPUTS"), given.words(b"OUTPUTS"), given.timeout())
    return await _execute(session, store, called)


@lru_cache(maxsize=4096)  # a client sends the same words again and again
def execution(args: tuple[bytes, ...]) -> Execution:
    """What the words of ``AI.MODELEXECUTE`` say; raises :class:`CommandError`."""
    words = Words(args, 2)
    given = options(words, {b"INPUTS": words.several, b"OUTPUTS": words.several, b"TIMEOUT": words.number})
    return Execution(plain(args[1]), given.words(b"INPUTS"), given.words(b"OUTPUTS"), given.timeout())


async def alias(session: Session, store: Store, args: Args) -> bytes:
    """``GYMCC.ALIAS name target``: from now on ``name`` runs the model ``target``; atomic."""
    name, target = plain(args[1]), plain(args[2])
    if type(await store.get(target)) is not Model:
        raise CommandError(f"ERR {readable(target)} is no model that an alias may name")
    if type(await store.get(name)) is Model:
        raise CommandError(f"ERR {readable(name)} is a model itself; an alias needs a name of its own")
    await store.put(name, Alias(target))
    return replies.OK


async def listed(session: Session, store: Store, args: Args) -> bytes:
    """``GYMCC.MODELS``: of each model its key, back end, device, bytes, digest, and the aliases that name it."""
    found = await store.models()
    names: dict[bytes, list[bytes]] = {}
    for key, value in found.items():
        if isinstance(value, Alias):
            names.setdefault(value.target, []).append(key)
    return replies.array(
        [_row(key, value, names.get(key, [])) for key, value in sorted(found.items()) if isinstance(value, Model)]
    )


async def scan(session: Session, store: Store, args: Args) -> bytes:
    """``AI._MODELSCAN``: keys and tags."""
    found = await store.models()
    return replies.array(
        [replies.bulks([key, value.tag]) for key, value in sorted(found.items()) if isinstance(value, Model)]
    )


def _row(key: bytes, model: Model, names: list[bytes]) -> bytes:
    texts = [replies.bulk(text) for text in (key, model.backend, model.device)]
    return replies.array(
        [*texts, replies.integer(len(model.blob)), replies.bulk(model.digest), replies.bulks(sorted(names))]
    )


async def _execute(session: Session, store: Keyspace, called: Execution) -> bytes:
    """Run a model on tensors and put its outputs; nothing is put where anything fails."""
    server = session.server
    key, model = await get_model(store, called.key)
    arrays = await get_arrays(store, called.inputs)
    runs = server.statistics.of(key)
    begin = perf_counter()
    try:
        results = await server.host.run(model, arrays, called.timeout)
        if len(results) != len(called.outputs):
            raise CommandError(f"ERR the model has {len(results)} outputs, OUTPUTS names {len(called.outputs)}")
        made = dict(zip(called.outputs, map(from_array, results), strict=True))
    except CommandError:
        runs.fail()
        raise
    runs.note(perf_counter() - begin, len(arrays[0]) if arrays else 1)
    await store.put_many(made)
    return replies.OK


def _described(args: Args) -> Options:
    """The options of MODELSTORE, with the chunks of the blob; raises :class:`CommandError`."""
    words = Words(args, 4)
    numbers = dict.fromkeys(BATCHING, words.number)
    names = {b"INPUTS": words.several, b"OUTPUTS": words.several}
    given = options(words, {b"TAG": words.next, **numbers, **names, b"BLOB": words.rest})
    if not any(given.words(b"BLOB")):
        raise CommandError("ERR Insufficient arguments, missing model BLOB")
    for name, needed in pairwise(reversed(BATCHING)):
        if given.number(name) and not given.number(needed):
            raise CommandError(f"ERR {name.decode()} specified without {needed.decode()}")
    return given


def _made(backend: str, device: str, given: Options) -> Model:
    chunks = given.words(b"BLOB")
    blob = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    size, least, wait = map(given.number, BATCHING)
    tag, inputs, outputs = given.word(b"TAG"), given.words(b"INPUTS"), given.words(b"OUTPUTS")
    digest = sha256(repr((backend, device, size, least, wait, tag, inputs, outputs)).encode() + blob).hexdigest()
    return Model(backend, device, blob, digest, tag, (size, least, wait), inputs, outputs)


TABLE = {
    b"AI.MODELSTORE": Command(model_store, 6),
    b"AI.MODELGET": Command(model_get, 2, 4),
    b"AI.MODELDEL": Command(model_delete, 2, 2),
    b"AI.MODELEXECUTE": Command(model_execute, 5),
    b"AI.MODELRUN": Command(model_run, 4),
    b"AI._MODELSCAN": Command(scan, 1, 1),
    b"GYMCC.ALIAS": Command(alias, 3, 3),
    b"GYMCC.MODELS": Command(listed, 1, 1),
}
