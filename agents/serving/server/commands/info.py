"""INFO, CONFIG, AI.INFO, AI.CONFIG and SAVE: what the server is, does and is set to."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from fnmatch import fnmatch
from typing import NamedTuple

from gymcc.agents.serving.server import replies
from gymcc.agents.serving.server.commands.words import integer, plain
from gymcc.agents.serving.server.context import VERSION, Args, Command, Server, Session
from gymcc.agents.serving.server.errors import SYNTAX, CommandError, arity, readable
from gymcc.agents.serving.server.limits import MIB
from gymcc.agents.serving.server.store import Store, get_model
from gymcc.agents.serving.server.values import Script

Facts = dict[str, str | int | float]


async def info(session: Session, store: Store, args: Args) -> bytes:
    """``INFO [section…]``"""
    server = session.server
    sections: dict[str, Facts] = {
        "Server": _server(server, session.peer.address()[1]),
        "Clients": {"connected_clients": len(server.sessions), "maxclients": server.settings.max_clients},
        "Memory": _memory(server),
        "Persistence": {
            "loading": 0,
            "rdb_bgsave_in_progress": int(server.saving),
            "rdb_last_save_time": int(server.saved),
        },
        "Stats": _counts(server),
        "Replication": {"role": "master", "connected_slaves": 0},
        "CPU": _cpu(),
        "Modules": {},
        "Cluster": {"cluster_enabled": 0},
        "Keyspace": {"db0": f"keys={await store.size()},expires=0,avg_ttl=0"},
    }
    wanted = {word.lower() for word in args[1:]}
    chosen = not wanted or wanted & {b"everything", b"all", b"default"}
    return replies.bulk(
        "\r\n".join(
            _section(name, facts) for name, facts in sections.items() if chosen or name.lower().encode() in wanted
        )
    )


def _section(name: str, facts: Facts) -> str:
    return "".join([f"# {name}\r\n", *(f"{key}:{value}\r\n" for key, value in facts.items())])


def _server(server: Server, port: int) -> Facts:
    up = int(time.time() - server.statistics.started)
    return {
        "redis_version": VERSION,
        "redis_mode": "standalone",
        "server_name": "gymcc",
        "process_id": os.getpid(),
        "tcp_port": port,
        "uptime_in_seconds": up,
        "uptime_in_days": up // 86400,
    }


def _memory(server: Server) -> Facts:
    store, settings = server.store, server.settings
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {
        "used_memory": store.used(),
        "used_memory_human": f"{store.used() / MIB:.2f}M",
        "used_memory_rss_peak": resident,
        "maxmemory": settings.memory,
        "maxmemory_policy": _policy(settings.evict),
    }


def _counts(server: Server) -> Facts:
    counts = server.statistics
    return {
        "total_connections_received": counts.connections,
        "total_commands_processed": counts.commands,
        "total_net_input_bytes": counts.received,
        "total_net_output_bytes": counts.sent,
        "rejected_connections": counts.rejected,
        "repeated_commands": counts.repeated,
        **server.store.counts(),
    }


def _cpu() -> Facts:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {"used_cpu_sys": used.ru_stime, "used_cpu_user": used.ru_utime}


async def ai_info(session: Session, store: Store, args: Args) -> bytes:
    """``AI.INFO key [RESETSTAT]``; after a reset the array is empty, for SmartRedis reads it as one."""
    key = plain(args[1])
    value = await store.get(key)
    if not isinstance(value, Script):
        key, value = await get_model(store, key)
    if len(args) > 2:
        if args[2].upper() != b"RESETSTAT":
            raise CommandError(SYNTAX)
        session.server.statistics.runs.pop(key, None)
        return replies.EMPTY
    is_script = isinstance(value, Script)
    runs = session.server.statistics.of(key)
    return replies.pairs(
        [
            ("key", key),
            ("type", "SCRIPT" if is_script else "MODEL"),
            ("backend", "TORCH" if isinstance(value, Script) else value.backend),
            ("device", value.device),
            ("tag", value.tag),
            ("duration", round(runs.seconds * 1e6)),
            ("samples", -1 if is_script else runs.samples),
            ("calls", runs.calls),
            ("errors", runs.errors),
        ]
    )


async def ai_config(session: Session, store: Store, args: Args) -> bytes:
    """``AI.CONFIG GET MODEL_CHUNK_SIZE | MODEL_CHUNK_SIZE bytes | LOADBACKEND name path``"""
    words = [word.upper() for word in args[1:]]
    if words[0] == b"GET":
        if words[1:] != [b"MODEL_CHUNK_SIZE"]:
            return replies.NIL
        return replies.integer(session.server.settings.chunk)
    if words[0] == b"MODEL_CHUNK_SIZE" and len(words) == 2:
        session.server.settings.chunk = integer(words[1], 1)
        return replies.OK
    if words[0] in (b"LOADBACKEND", b"BACKENDSPATH"):
        raise CommandError("ERR back ends are Python packages here; install them where the server runs")
    raise CommandError("ERR unsupported subcommand; allowed are GET MODEL_CHUNK_SIZE and MODEL_CHUNK_SIZE bytes")


class _Parameter(NamedTuple):
    read: Callable[[Server], str | int]
    write: Callable[[Server, bytes], None] | None = None


async def config(session: Session, store: Store, args: Args) -> bytes:
    """``CONFIG GET pattern… | SET name value… | RESETSTAT``"""
    word, server = args[1].upper(), session.server
    if word == b"GET":
        if len(args) < 3:
            raise arity(b"config|get")
        patterns = [readable(pattern).lower() for pattern in args[2:]]
        return replies.bulks(
            [
                text
                for name, parameter in PARAMETERS.items()
                if any(fnmatch(name, pattern) for pattern in patterns)
                for text in (name, str(parameter.read(server)))
            ]
        )
    if word == b"SET":
        return _set(server, args)
    if word == b"RESETSTAT":
        server.statistics.reset()
        return replies.OK
    raise CommandError(f"ERR unknown subcommand '{readable(args[1])}'. Try CONFIG GET.")


def _set(server: Server, args: Args) -> bytes:
    if len(args) < 4 or len(args) % 2:
        raise arity(b"config|set")
    wanted = [(readable(name).lower(), value) for name, value in zip(args[2::2], args[3::2], strict=True)]
    for name, _ in wanted:
        if name not in PARAMETERS:
            raise CommandError(f"ERR Unknown option or number of arguments for CONFIG SET - '{name}'")
        if PARAMETERS[name].write is None:
            raise CommandError(
                f"ERR CONFIG SET failed (possibly related to argument '{name}') - can't set immutable config"
            )
    for name, value in wanted:
        write = PARAMETERS[name].write
        assert write
        write(server, value)
    return replies.OK


async def save(session: Session, store: Store, args: Args) -> bytes:
    """``SAVE``: answers once the snapshot is on the disk; other connections go on meanwhile."""
    if session.server.save is None:
        raise CommandError("ERR this server has no file to save to; start it with --snapshot FILE")
    try:
        await session.server.save()
    except OSError as error:
        raise CommandError(f"ERR cannot save the snapshot: {error.strerror or error}") from error
    return replies.OK


async def last_save(session: Session, store: Store, args: Args) -> bytes:
    """``LASTSAVE``: when the snapshot was written, in seconds since 1970."""
    return replies.integer(int(session.server.saved))


def _policy(evict: bool) -> str:
    return "allkeys-lru" if evict else "noeviction"


def _set_memory(server: Server, value: bytes) -> None:
    server.settings.memory = size(value)
    server.store.bound(server.settings.memory, server.settings.evict)


def _set_policy(server: Server, value: bytes) -> None:
    if value not in (b"allkeys-lru", b"noeviction"):
        raise CommandError("ERR CONFIG SET failed - maxmemory-policy is allkeys-lru or noeviction")
    server.settings.evict = value == b"allkeys-lru"
    server.store.bound(server.settings.memory, server.settings.evict)


def _set_timeout(server: Server, value: bytes) -> None:
    server.settings.idle_timeout = integer(value, 0)


def _set_clients(server: Server, value: bytes) -> None:
    server.settings.max_clients = integer(value, 1)


def _set_save(server: Server, value: bytes) -> None:
    """Redis has pairs of seconds and changes; the first number counts, empty is never."""
    server.settings.save_every = integer(value.split()[0], 0) if value.split() else 0


def size(word: bytes) -> int:
    """Bytes, as `1048576`, `1mb` or `2gb`; raises :class:`CommandError`."""
    units = {b"kb": 1 << 10, b"mb": 1 << 20, b"gb": 1 << 30, b"b": 1}
    for unit, factor in units.items():
        if word.lower().endswith(unit):
            return integer(word[: -len(unit)], 0) * factor
    return integer(word, 0)


PARAMETERS = {
    "maxmemory": _Parameter(lambda server: server.settings.memory, _set_memory),
    "maxmemory-policy": _Parameter(lambda server: _policy(server.settings.evict), _set_policy),
    "maxclients": _Parameter(lambda server: server.settings.max_clients, _set_clients),
    "timeout": _Parameter(lambda server: round(server.settings.idle_timeout), _set_timeout),
    "save": _Parameter(
        lambda server: f"{server.settings.save_every:.0f} 1" * bool(server.settings.save_every), _set_save
    ),
    "dbfilename": _Parameter(lambda server: os.path.basename(server.settings.snapshot)),
    "dir": _Parameter(lambda server: os.path.dirname(os.path.abspath(server.settings.snapshot or "."))),
    "databases": _Parameter(lambda server: 1),
    "appendonly": _Parameter(lambda server: "no"),
    "proto-max-bulk-len": _Parameter(lambda server: server.settings.max_request),
    "threads": _Parameter(lambda server: server.settings.threads),
}
TABLE = {
    b"INFO": Command(info, 1),
    b"AI.INFO": Command(ai_info, 2, 3),
    b"AI.CONFIG": Command(ai_config, 2, 4),
    b"CONFIG": Command(config, 2),
    b"SAVE": Command(save, 1, 1),
    b"BGSAVE": Command(save, 1, 2),
    b"LASTSAVE": Command(last_save, 1, 1),
}
