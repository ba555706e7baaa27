"""The connections to a Redis, standalone or a cluster: replies within a deadline, or an error that names it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from hashlib import sha1
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    NoScriptError,
    OutOfMemoryError,
    RedisClusterException,
    RedisError,
    ResponseError,
)

from gymcc.agents.serving.protocol.names import slot
from gymcc.agents.serving.server.errors import NO_MEMORY, CommandError, one_line

DEADLINE = 5.0  # seconds for a command, connecting included
CONNECTIONS = 50  # to each node
POLL = 0.05  # seconds between two looks at whether Redis has saved
SCHEMES = ("redis", "rediss", "unix")


class Link:
    """To the Redis at ``redis://[[user]:password@]host[:port][/number]``, ``rediss://…`` (TLS) or ``unix://path``.

    Of a cluster any one node will do. A connection that broke is made again by the next command; a command is sent
    once, for it may be one that must not be done twice. Raises ValueError if the address is none.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self.name = shown(url)  # without the password
        self._options: dict[str, Any] = {
            "protocol": 2,
            "socket_timeout": DEADLINE,
            "socket_connect_timeout": DEADLINE,
            "retry": Retry(NoBackoff(), 0),
        }
        self._redis: Redis | RedisCluster = self._standalone()

    async def begin(self) -> None:
        """Connect; raises ConnectionError, or ValueError where the Redis is there but will not do."""
        try:
            async with asyncio.timeout(DEADLINE):
                await self._begin()
        except (AuthenticationError, AuthorizationError, ResponseError) as error:
            raise ValueError(f"the store {self.name} refuses: {one_line(error)}") from error
        except (RedisError, RedisClusterException, OSError, TimeoutError) as error:
            raise ConnectionError(f"cannot reach the store {self.name}: {one_line(error)}") from error

    async def close(self) -> None:
        """Hang up."""
        await self._redis.aclose()

    async def call(self, *words: bytes | str | int, **options: Any) -> Any:
        """The reply to a command; raises :class:`CommandError`, also when there is none in time."""
        return await asyncio.create_task(self._call(words, options))  # connections begin requests outside of tasks

    async def _call(self, words: Sequence[bytes | str | int], options: Mapping[str, Any]) -> Any:
        try:
            async with asyncio.timeout(DEADLINE):
                return await self._redis.execute_command(*words, **options)
        except NoScriptError:
            raise
        except OutOfMemoryError as error:
            raise CommandError(NO_MEMORY) from error
        except ResponseError as error:
            text = one_line(error)
            raise CommandError(text if text.partition(" ")[0].isupper() else f"ERR {text}") from error
        except (RedisError, RedisClusterException, OSError, TimeoutError) as error:
            raise self._away(error) from error

    async def everywhere(self, *words: bytes | str | int) -> list[Any]:
        """The replies of all nodes that take writes."""
        if not isinstance(self._redis, RedisCluster):
            return [await self.call(*words)]
        nodes = self._redis.get_primaries()
        return list(await asyncio.gather(*(self.call(*words, target_nodes=node) for node in nodes)))

    async def script(self, script: str, keys: Sequence[bytes], *args: bytes | int) -> Any:
        """What a script returns; :class:`CommandError` as :meth:`call`."""
        try:
            return await self.call(
                "EVALSHA", sha1(script.encode(), usedforsecurity=False).hexdigest(), len(keys), *keys, *args
            )
        except NoScriptError:  # the Redis was started anew, or it is another node
            return await self.call("EVAL", script, len(keys), *keys, *args)

    async def keys(self) -> list[bytes]:
        """All keys, without blocking the Redis for long."""
        return await asyncio.create_task(self._keys())

    async def _keys(self) -> list[bytes]:
        try:
            return [key async for key in self._redis.scan_iter(count=1000)]
        except (RedisError, RedisClusterException, OSError) as error:
            raise self._away(error) from error

    async def save(self) -> None:
        """Have it write its snapshot and wait until it has; raises :class:`CommandError`."""
        await self.everywhere("BGSAVE")
        states = await self.everywhere("INFO", "persistence")
        while any(state["rdb_bgsave_in_progress"] for state in states):
            await asyncio.sleep(POLL)
            states = await self.everywhere("INFO", "persistence")
        if any(state["rdb_last_bgsave_status"] != "ok" for state in states):
            raise CommandError(f"ERR {self.name} could not write its snapshot; its log says why")

    def grouped(self, keys: Sequence[bytes]) -> list[Sequence[bytes]]:
        """Keys that one command may have: all of them, or in a cluster those of a slot."""
        if not self._is_cluster():
            return [keys] if keys else []
        groups: dict[int, list[bytes]] = {}
        for key in keys:
            groups.setdefault(slot(key), []).append(key)
        return list(groups.values())

    def are_apart(self, key: bytes, other: bytes) -> bool:
        """Whether no command may have both keys."""
        return self._is_cluster() and slot(key) != slot(other)

    async def _begin(self) -> None:
        server = await self._redis.info("server")
        if int(server["redis_version"].partition(".")[0]) < 7:
            raise ValueError(f"the store {self.name} is Redis {server['redis_version']}; 7.0 and later will do")
        if server.get("redis_mode") == "cluster":
            alone, self._redis = self._redis, RedisCluster.from_url(self._url, **self._options)
            await alone.aclose()
            await self._redis.initialize()

    def _standalone(self) -> Redis:
        pool = BlockingConnectionPool.from_url(
            self._url, max_connections=CONNECTIONS, timeout=DEADLINE, **self._options
        )
        return Redis(connection_pool=pool)

    def _is_cluster(self) -> bool:
        return isinstance(self._redis, RedisCluster)

    def _away(self, error: BaseException) -> CommandError:
        return CommandError(f"UNAVAILABLE the store {self.name} does not answer: {one_line(error)}")


def shown(url: str) -> str:
    """The address without user and password; raises ValueError if it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"--store: {error}") from error
    where = parts.path if parts.scheme == "unix" else parts.hostname
    if parts.scheme not in SCHEMES or not where:
        raise ValueError(
            "--store takes redis://[[user]:password@]host[:port][/number], rediss://… for TLS, or unix://path"
        )
    if parts.scheme == "unix":
        return f"unix://{parts.path}"
    host = f"[{where}]" if ":" in where else where
    return f"{parts.scheme}://{host}:{port or 6379}{parts.path.rstrip('/')}"
