"""One connection to a NITTA server, kept open between requests."""

from __future__ import annotations

import http.client
import json
import socket
from contextlib import suppress
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from gymcc.envs.nitta.backends.server.errors import (
    MalformedAnswer,
    NodeUnavailable,
    ServerError,
    ServerGone,
    ServerTimeout,
)

MAX_ANSWER = 64 * 2**20  # bytes; the greatest seen from a real server were 26 kB
PIECE = 1 << 16
QUOTED = 200  # characters of an answer in a message
_KINDS = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
_DROPPED = (http.client.RemoteDisconnected, http.client.BadStatusLine, http.client.IncompleteRead, ConnectionError)


class Connection:
    """Requests to the server at ``url``, each answered within ``seconds`` or given up. Not thread-safe.

    Raises ValueError for a URL that is not ``http://HOST:PORT`` or https.
    """

    def __init__(self, url: str, seconds: float) -> None:
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme not in _KINDS or not parts.hostname or port == -1:
            raise ValueError(f"{url!r} is not the URL of a server: http://HOST:PORT")
        if not seconds > 0:
            raise ValueError(f"seconds is a positive number, got {seconds}")
        self.url, self.seconds, self._prefix = url.rstrip("/"), seconds, parts.path.rstrip("/")
        self._http = _KINDS[parts.scheme](parts.hostname, port, timeout=seconds)

    def get(self, path: str) -> Any:
        """The JSON at ``path``.

        Raises :class:`NodeUnavailable` for 500 and a closed connection, :class:`ServerTimeout`, :class:`ServerGone`,
        :class:`MalformedAnswer`, and :class:`ServerError` for any other status.
        """
        return self._ask("GET", path)

    def post(self, path: str) -> Any:
        """As :meth:`get`, with POST and no body."""
        return self._ask("POST", path)

    def close(self) -> None:
        """Close; another request opens it again."""
        self._http.close()

    def __del__(self) -> None:
        with suppress(AttributeError):  # where the URL was none
            self.close()

    def _ask(self, method: str, path: str) -> Any:
        request = f"{method} {self.url}{path}"
        status, body = self._exchange(method, path, request)
        text = body.decode(errors="replace")
        if status == http.client.INTERNAL_SERVER_ERROR:
            raise NodeUnavailable(request, f"status {status}: {text[:QUOTED]}", status)
        if status != http.client.OK:
            raise ServerError(request, f"status {status}: {text[:QUOTED]}")
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise MalformedAnswer(request, f"not JSON ({error}): {text[:QUOTED]!r}") from error

    def _exchange(self, method: str, path: str, request: str) -> tuple[int, bytes]:
        """Status and body. A connection that was open may have been closed for its silence, so it is tried anew."""
        was_open = self._http.sock is not None
        try:
            return self._attempt(method, path, request)
        except ServerError:
            self.close()
            raise
        except TimeoutError as error:
            self.close()
            raise ServerTimeout(request, f"no answer within {self.seconds} s") from error
        except ConnectionRefusedError as error:
            raise ServerGone(request, "nobody listens there") from error
        except _DROPPED as error:
            self.close()
            if was_open:
                return self._exchange(method, path, request)
            if self._listens():
                raise NodeUnavailable(request, "closed the connection without an answer", 0) from error
            raise ServerGone(request, "it closed the connection and ended") from error
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise ServerGone(request, f"no connection: {error}") from error

    def _listens(self) -> bool:
        """Whether there is still somebody: a server that died is not one that cannot evaluate a node."""
        try:
            socket.create_connection((self._http.host, self._http.port), self.seconds).close()
        except OSError:
            return False
        return True

    def _attempt(self, method: str, path: str, request: str) -> tuple[int, bytes]:
        deadline = monotonic() + self.seconds
        self._http.request(method, self._prefix + path)
        response = self._http.getresponse()
        length, body = response.length, bytearray()
        while length is None or len(body) < length:
            piece = response.read1(PIECE)
            body += piece
            if not piece and length is not None:
                raise http.client.IncompleteRead(bytes(body), length - len(body))
            if not piece:
                break
            if monotonic() > deadline:
                raise TimeoutError
            if len(body) > MAX_ANSWER:
                raise MalformedAnswer(request, f"more than {MAX_ANSWER} bytes")
        response.close()
        return response.status, bytes(body)
