"""The connection and the server themselves: PING, AUTH, INFO, CONFIG, SAVE and their like."""

from __future__ import annotations

import hmac

from gymcc.agents.serving.server import replies
from gymcc.agents.serving.server.commands.words import Words
from gymcc.agents.serving.server.context import VERSION, Args, Command, Session
from gymcc.agents.serving.server.errors import NO_AUTH, SYNTAX, CommandError, arity, readable
from gymcc.agents.serving.server.store import Store


async def ping(session: Session, store: Store, args: Args) -> bytes:
    """``PING [text]``"""
    return replies.bulk(args[1]) if len(args) > 1 else replies.PONG


async def echo(session: Session, store: Store, args: Args) -> bytes:
    """``ECHO text``"""
    return replies.bulk(args[1])


async def auth(session: Session, store: Store, args: Args) -> bytes:
    """``AUTH [user] password``"""
    password = session.server.settings.password.encode()
    if not password:
        raise CommandError("ERR AUTH called without any password configured; this server needs none")
    if not hmac.compare_digest(args[-1], password) or (len(args) == 3 and args[1] != b"default"):
        raise CommandError("WRONGPASS invalid username-password pair or user is disabled.")
    session.trusted = True
    return replies.OK


async def hello(session: Session, store: Store, args: Args) -> bytes:
    """``HELLO [2 [AUTH user password] [SETNAME name]]``"""
    words = Words(args, 1)
    if words and words.next() != b"2":
        raise CommandError("NOPROTO unsupported protocol version; this server speaks 2")
    while words:
        word = words.keyword()
        if word == b"AUTH":
            await auth(session, store, [b"AUTH", words.next(), words.next()])
        elif word == b"SETNAME":
            session.name = words.next()
        else:
            raise CommandError(SYNTAX)
    if not session.trusted:
        raise CommandError(NO_AUTH)
    facts: dict[str, str | int] = {
        "server": "gymcc",
        "version": VERSION,
        "proto": 2,
        "id": session.id,
        "mode": "standalone",
        "role": "master",
    }
    return replies.array([*_flat(facts), replies.bulk("modules"), replies.EMPTY])


async def client(session: Session, store: Store, args: Args) -> bytes:
    """``CLIENT ID | GETNAME | SETNAME name | SETINFO … | LIST | INFO | NO-EVICT … | REPLY ON``"""
    word = args[1].upper()
    if word == b"ID":
        return replies.integer(session.id)
    if word == b"GETNAME":
        return replies.bulk(session.name)
    if word == b"SETNAME":
        if len(args) != 3:
            raise arity(b"client|setname")
        session.name = args[2]
        return replies.OK
    if word in (b"LIST", b"INFO"):
        shown = session.server.sessions.values() if word == b"LIST" else [session]
        return replies.bulk(
            "".join(f"id={each.id} name={readable(each.name)} cmd={readable(each.last)}\n" for each in shown)
        )
    if word in (b"SETINFO", b"NO-EVICT", b"NO-TOUCH"):
        return replies.OK
    raise CommandError(f"ERR unknown subcommand '{readable(args[1])}'. Try CLIENT ID.")


async def select(session: Session, store: Store, args: Args) -> bytes:
    """``SELECT 0``"""
    if args[1] != b"0":
        raise CommandError("ERR DB index is out of range")
    return replies.OK


async def quit_(session: Session, store: Store, args: Args) -> bytes:
    """``QUIT``"""
    session.peer.close()
    return replies.OK


async def command(session: Session, store: Store, args: Args) -> bytes:
    """``COMMAND …``: clients ask, and go on without."""
    return replies.ZERO if args[1:2] == [b"COUNT"] else replies.EMPTY


def _flat(facts: dict[str, str | int]) -> list[bytes]:
    return [
        part
        for name, value in facts.items()
        for part in (replies.bulk(name), replies.integer(value) if isinstance(value, int) else replies.bulk(value))
    ]


TABLE = {
    b"PING": Command(ping, 1, 2),
    b"ECHO": Command(echo, 2, 2),
    b"AUTH": Command(auth, 2, 3),
    b"HELLO": Command(hello, 1),
    b"CLIENT": Command(client, 2),
    b"SELECT": Command(select, 2, 2),
    b"QUIT": Command(quit_, 1),
    b"COMMAND": Command(command, 1),
}
