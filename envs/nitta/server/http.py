"""The API over HTTP, on this machine only, with NITTA's manners.

Errors are plain text: 400 for a missing query parameter, 404 for an unknown path, 500 for a node id that there is not.
Where a node crashes NITTA the connection is closed without an answer.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock

from gymcc.envs.nitta.server.api import Api, BadRequest, NotFound
from gymcc.envs.nitta.server.explored import NodeCrashed
from gymcc.envs.nitta.server.faults import SLOW_SECONDS, Fault, Faults

HOST = "127.0.0.1"
IDLE_SECONDS = 60.0  # after which a silent client is sent away
MAX_BODY = 1 << 20  # bytes of a request; nothing in the API needs any
SORRY = "Something went wrong"


class Server(ThreadingHTTPServer):
    """Listens at once; ``port`` 0 takes a free one. One request is answered at a time, as nodes are not thread-safe."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, api: Api, port: int = 0, faults: Sequence[Fault] = ()) -> None:
        self.api, self.faults, self.turn = api, Faults(faults), Lock()
        try:
            super().__init__((HOST, port), Handler)
        except OSError as error:
            raise OSError(f"cannot listen at port {port}: {error.strerror}: resource busy") from error

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        """For clients."""
        return f"http://{HOST}:{self.port}"


class Handler(BaseHTTPRequestHandler):
    """One connection, kept open between requests."""

    server: Server
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    wbufsize = -1  # headers and body in one packet: two would wait for each other
    disable_nagle_algorithm = True

    def handle_one_request(self) -> None:
        """As always, but a client that is gone is no news."""
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def _respond(self) -> None:
        self._skip_body()
        fault = self.server.faults.next()
        if fault == "slow":
            time.sleep(SLOW_SECONDS)
        if fault == "close":
            self.close_connection = True
            return
        if fault == "500":
            self._send(HTTPStatus.INTERNAL_SERVER_ERROR, SORRY)
            return
        try:
            with self.server.turn:
                body = json.dumps(self.server.api.answer(self.command, self.path), separators=(",", ":"))
        except NodeCrashed:
            self.close_connection = True
        except NotFound as error:
            self._send(HTTPStatus.NOT_FOUND, str(error))
        except BadRequest as error:
            self._send(HTTPStatus.BAD_REQUEST, str(error))
        except Exception as error:
            if isinstance(error, ValueError):  # what was asked for cannot be done
                print(f"{self.command} {self.path}: {error}", file=sys.stderr)
            else:
                traceback.print_exc()
            self._send(HTTPStatus.INTERNAL_SERVER_ERROR, SORRY)
        else:
            half = body[: len(body) // 2] if fault == "malformed" else body
            self._send(HTTPStatus.OK, half, "application/json;charset=utf-8")

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _respond  # noqa: N815 - names that http.server looks for

    def do_OPTIONS(self) -> None:
        """What a browser asks before it lets a page of another origin post."""
        self._skip_body()
        self._send(HTTPStatus.OK, "")

    def _send(self, status: HTTPStatus, text: str, kind: str = "text/plain;charset=utf-8") -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Allow-Methods", "GET, POST")
        self.send_header("Access-Control-Allow-Headers", "content-type")
        self.end_headers()
        self.wfile.write(body)

    def _skip_body(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if length.isdigit() and int(length) <= MAX_BODY:
            self.rfile.read(int(length))
        else:
            self.close_connection = True  # its end cannot be told from the next request

    def log_message(self, *_: object) -> None:
        """Say nothing: standard output has one line that clients wait for."""
