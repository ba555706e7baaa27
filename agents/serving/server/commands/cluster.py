"""CLUSTER, for clients that look for the shards first: this server is the one that has all slots."""

from __future__ import annotations

from collections.abc import Callable

from gymcc.agents.serving.protocol.names import SLOTS, slot
from gymcc.agents.serving.server import replies
from gymcc.agents.serving.server.context import Args, Command, Session
from gymcc.agents.serving.server.errors import CommandError, arity, readable
from gymcc.agents.serving.server.store import Store

NODE = "0" * 40
INFO = {
    "cluster_enabled": "1",
    "cluster_state": "ok",
    "cluster_slots_assigned": SLOTS,
    "cluster_slots_ok": SLOTS,
    "cluster_slots_pfail": 0,
    "cluster_slots_fail": 0,
    "cluster_known_nodes": 1,
    "cluster_size": 1,
    "cluster_current_epoch": 1,
    "cluster_my_epoch": 1,
}


async def cluster(session: Session, store: Store, args: Args) -> bytes:
    """``CLUSTER SLOTS | NODES | INFO | MYID | KEYSLOT key``"""
    handler = SUBCOMMANDS.get(args[1].upper())
    if handler is None:
        raise CommandError(f"ERR unknown subcommand '{readable(args[1])}'. Try CLUSTER INFO.")
    return handler(session, args)


def _slots(session: Session, args: Args) -> bytes:
    host, port = session.peer.address()
    node = replies.array([replies.bulk(host), replies.integer(port), replies.bulk(NODE)])
    return replies.array([replies.array([replies.ZERO, replies.integer(SLOTS - 1), node])])


def _nodes(session: Session, args: Args) -> bytes:
    host, port = session.peer.address()
    return replies.bulk(f"{NODE} {host}:{port}@0 myself,master - 0 0 1 connected 0-{SLOTS - 1}\n")


def _info(session: Session, args: Args) -> bytes:
    return replies.bulk("".join(f"{name}:{value}\r\n" for name, value in INFO.items()))


def _keyslot(session: Session, args: Args) -> bytes:
    if len(args) != 3:
        raise arity(b"cluster|keyslot")
    return replies.integer(slot(args[2]))


SUBCOMMANDS: dict[bytes, Callable[[Session, Args], bytes]] = {
    b"SLOTS": _slots,
    b"NODES": _nodes,
    b"INFO": _info,
    b"MYID": lambda session, args: replies.bulk(NODE),
    b"KEYSLOT": _keyslot,
}
TABLE = {b"CLUSTER": Command(cluster, 2)}
