"""What can go wrong between a NITTA server and us; all end an episode, never a training run."""

from __future__ import annotations

from gymcc.envs.core.problem import BackendError


class ServerError(BackendError):
    """The server answered with an error, or not as a NITTA server does."""

    def __init__(self, request: str, what: str) -> None:
        super().__init__(request, what)  # so that the error can be pickled
        self.request, self.what = request, what

    def __str__(self) -> str:
        return f"NITTA server, {self.request}: {self.what}"


class NodeUnavailable(ServerError):
    """The server cannot evaluate a node: it said 500, or closed the connection (``status`` 0) as it does on a crash."""

    def __init__(self, request: str, what: str, status: int) -> None:
        super().__init__(request, what)
        self.args = (request, what, status)
        self.status = status


class ServerGone(ServerError):
    """Nobody listens there, or no longer."""


class ServerTimeout(ServerError):
    """No answer in time."""


class MalformedAnswer(ServerError):
    """The answer is not JSON, or not the JSON that was asked for."""
