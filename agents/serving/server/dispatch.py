"""From a request to the command that it asks for, and from a failure to the reply that says so."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from gymcc.agents.serving.server import replies
from gymcc.agents.serving.server.commands import (
    admin,
    cluster,
    dag,
    hashes,
    info,
    lists,
    models,
    scripts,
    strings,
    tensors,
)
from gymcc.agents.serving.server.context import Args, Command, Session
from gymcc.agents.serving.server.errors import NO_AUTH, CommandError, arity, one_line, readable
from gymcc.agents.serving.server.limits import MAX_KEY

FAMILIES = (strings, hashes, lists, tensors, models, scripts, dag, cluster, admin, info)
COMMANDS: Mapping[bytes, Command] = {name: command for family in FAMILIES for name, command in family.TABLE.items()}
UNTRUSTED = frozenset({b"AUTH", b"HELLO", b"QUIT", b"RESET"})  # what may be sent before the password
log = logging.getLogger(__name__)


def command_of(session: Session, args: Args) -> Command:
    """What a request asks for; raises :class:`CommandError` where it may not, or does not make sense."""
    command = COMMANDS.get(args[0])
    if command is None or not session.trusted:
        command = _command(session, args)
    if len(args) < command.least or len(args) > command.most > 0:
        raise arity(args[0])
    if len(args) > 1 and len(args[1]) > MAX_KEY:
        raise CommandError(f"ERR a key has {MAX_KEY} bytes at most")
    return command


def refusal(error: Exception, args: Args) -> bytes:
    """The reply to a request that failed; one client's request must not end the connections of all."""
    if isinstance(error, CommandError):
        return replies.error(str(error))
    if isinstance(error, MemoryError):
        return replies.error("OOM the machine has no memory left for this request")
    log.error("%s failed", readable(args[0]), exc_info=error)
    return replies.error(f"ERR internal error: {type(error).__name__}: {one_line(error)}")


def _command(session: Session, args: Args) -> Command:
    """The command of a name in any case; raises :class:`CommandError`."""
    name = args[0].upper()
    if not session.trusted and name not in UNTRUSTED:
        raise CommandError(NO_AUTH)
    command = COMMANDS.get(name)
    if command is None:
        raise CommandError(f"ERR unknown command '{readable(args[0])}', with args beginning with: {_beginning(args)}")
    return command


def _beginning(args: Args) -> str:
    return " ".join(f"'{readable(arg)}'" for arg in args[1:4])
