"""Who may connect, and what clients may run: decided before the server starts."""

from __future__ import annotations

import resource

from gymcc.agents.serving.server.app import Listen
from gymcc.agents.serving.server.limits import Settings

SPARE = 128  # open files of the process itself: libraries, snapshot, listeners


def guard(settings: Settings, listen: Listen, insecure: bool, code: bool | None) -> None:
    """Fill in what follows from the address; raises ValueError where it would leave the server open to anybody.

    ``code``: whether models that can run code are allowed; None: only where nobody but this machine can connect.
    """
    local = listen.is_local()
    if listen.port is None and not listen.path:
        raise ValueError("a server needs a port or the path of a unix socket")
    if listen.port is not None and not 0 <= listen.port < 1 << 16:
        raise ValueError(f"port {listen.port} is none; allowed are 0 (any free one) to 65535")
    if not local and not settings.password and not insecure:
        raise ValueError(
            f"{listen.host} can be reached from other machines: give a password (GYMCC_PASSWORD), or --insecure to let "
            "anybody in; SmartRedis clients know no passwords"
        )
    settings.allow_code = local if code is None else code
    settings.max_clients = min(settings.max_clients, _files() - SPARE)


def _files() -> int:
    """How many files may be open, once as many as possible may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard if hard != resource.RLIM_INFINITY else 1 << 20
