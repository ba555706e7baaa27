"""AI.SCRIPT…: TorchScript functions, in the older form (…SET, …RUN) and the newer (…STORE, …EXECUTE)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from gymcc.agents.serving.server import replies, runners
from gymcc.agents.serving.server.commands.words import Options, Words, options, plain
from gymcc.agents.serving.server.context import Args, Command, Session
from gymcc.agents.serving.server.errors import SYNTAX, CommandError, one_line, readable
from gymcc.agents.serving.server.store import Keyspace, Store, get_arrays, get_script
from gymcc.agents.serving.server.values import Array, Script, from_array

KEYWORDS = (b"INPUTS", b"OUTPUTS", b"TIMEOUT")


@dataclass(frozen=True, slots=True)
class _Call:
    function: bytes
    inputs: Sequence[bytes]
    outputs: Sequence[bytes]
    keys: Sequence[bytes]
    texts: Sequence[bytes]
    timeout: float  # seconds


async def script_set(session: Session, store: Store, args: Args) -> bytes:
    """``AI.SCRIPTSET key device [TAG t] SOURCE text``: functions take tensors."""
    words = Words(args, 3)
    given = options(words, {b"TAG": words.next, b"SOURCE": words.next})
    return await _store(session, store, args, given)


async def script_store(session: Session, store: Store, args: Args) -> bytes:
    """``AI.SCRIPTSTORE key device [TAG t] ENTRY_POINTS n name… SOURCE text``: functions take (tensors, keys, args)."""
    words = Words(args, 3)
    given = options(words, {b"TAG": words.next, b"ENTRY_POINTS": words.several, b"SOURCE": words.next})
    if not given.words(b"ENTRY_POINTS"):
        raise CommandError("ERR Insufficient arguments, missing script entry points")
    return await _store(session, store, args, given)


async def script_get(session: Session, store: Store, args: Args) -> bytes:
    """``AI.SCRIPTGET key [META] [SOURCE]``"""
    script = await get_script(store, plain(args[1]))
    wanted = {word.upper() for word in args[2:]} or {b"META", b"SOURCE"}
    if wanted == {b"SOURCE"}:
        return replies.bulk(script.source)
    if not wanted <= {b"META", b"SOURCE"}:
        raise CommandError(SYNTAX)
    source = [replies.bulk("source"), replies.bulk(script.source)] * (b"SOURCE" in wanted)
    meta = [replies.bulk(text) for text in ("device", script.device, "tag", script.tag)]
    return replies.array([*meta, *source, replies.bulk("Entry Points"), replies.bulks(script.entries)])


async def script_delete(session: Session, store: Store, args: Args) -> bytes:
    """``AI.SCRIPTDEL key``"""
    key = plain(args[1])
    await get_script(store, key)
    await store.delete([key])
    session.server.statistics.runs.pop(key, None)
    return replies.OK


async def script_run(session: Session, store: Keyspace, args: Args) -> bytes:
    """``AI.SCRIPTRUN key function INPUTS tensor… OUTPUTS tensor… [TIMEOUT ms]``: no counts."""
    words = Words(args, 3)
    lists = {name: lambda: words.until(*KEYWORDS) for name in KEYWORDS[:2]}
    return await _run(session, store, args, options(words, {**lists, b"TIMEOUT": words.number}))


async def script_execute(session: Session, store: Keyspace, args: Args) -> bytes:
    """``AI.SCRIPTEXECUTE key function [KEYS n …] [INPUTS n …] [ARGS n …] [OUTPUTS n …] [TIMEOUT ms]``"""
    words = Words(args, 3)
    lists = dict.fromkeys((b"KEYS", b"INPUTS", b"ARGS", b"OUTPUTS"), words.several)
    return await _run(session, store, args, options(words, {**lists, b"TIMEOUT": words.number}))


async def scan(session: Session, store: Store, args: Args) -> bytes:
    """``AI._SCRIPTSCAN``: keys and tags."""
    found = await store.models()
    return replies.array(
        [replies.bulks([key, value.tag]) for key, value in sorted(found.items()) if isinstance(value, Script)]
    )


async def _store(session: Session, store: Store, args: Args, given: Options) -> bytes:
    server, key, device = session.server, plain(args[1]), readable(args[2]).upper()
    runners.check("TORCH", device, server.settings)
    source, tag, entries = given.word(b"SOURCE"), given.word(b"TAG"), given.words(b"ENTRY_POINTS")
    if not source:
        raise CommandError("ERR Insufficient arguments, missing script SOURCE")
    script = Script(device, source, sha256(repr((device, source, tag, entries)).encode()).hexdigest(), tag, entries)
    old = await store.get(key)
    if type(old) is Script and old.digest == script.digest:  # sent again
        server.statistics.repeated += 1
        return replies.OK
    if not session.loading:
        await server.host.prepare(script)
    await store.put(key, script)
    server.statistics.runs.pop(key, None)
    return replies.OK


async def _run(session: Session, store: Keyspace, args: Args, given: Options) -> bytes:
    key = plain(args[1])
    script = await get_script(store, key)
    inputs, outputs, keys, texts = map(given.words, (b"INPUTS", b"OUTPUTS", b"KEYS", b"ARGS"))
    call = _Call(args[2], inputs, outputs, keys, texts, given.timeout())
    arrays = await get_arrays(store, call.inputs)
    runs = session.server.statistics.of(key)
    begin = time.perf_counter()
    try:
        results = await _results(session, script, call, arrays)
        if len(results) != len(call.outputs):
            raise CommandError(f"ERR the function has {len(results)} outputs, OUTPUTS names {len(call.outputs)}")
        made = dict(zip(call.outputs, map(from_array, results), strict=True))
    except CommandError:
        runs.fail()
        raise
    runs.note(time.perf_counter() - begin, 0)
    await store.put_many(made)
    return replies.OK


async def _results(session: Session, script: Script, call: _Call, arrays: Sequence[Array]) -> Sequence[Array]:
    host = session.server.host
    unit = await host.script(script)
    try:
        results: Sequence[Array] = await host.off_loop(
            unit.run, call.function, arrays, call.keys, call.texts, timeout=call.timeout
        )
    except CommandError:
        raise
    except Exception as error:  # of TorchScript's interpreter
        raise CommandError(f"ERR the script failed: {one_line(error)}") from error
    return results


TABLE = {
    b"AI.SCRIPTSET": Command(script_set, 5),
    b"AI.SCRIPTSTORE": Command(script_store, 5),
    b"AI.SCRIPTGET": Command(script_get, 2, 4),
    b"AI.SCRIPTDEL": Command(script_delete, 2, 2),
    b"AI.SCRIPTRUN": Command(script_run, 4),
    b"AI.SCRIPTEXECUTE": Command(script_execute, 3),
    b"AI._SCRIPTSCAN": Command(scan, 1, 1),
}
