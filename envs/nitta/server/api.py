"""NITTA's web API as a function: a method and a path go in, a JSON document comes out.

Which requests there are and what they answer is NITTA's (nitta, ``src/NITTA/UIBackend/REST.hs``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf, isinf, isnan
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from gymcc.envs.nitta.methods.table import synthesise
from gymcc.envs.nitta.server.explored import Explored, NodeCrashed

if TYPE_CHECKING:
    from gymcc.envs.nitta.server.inspection import Inspection
    from gymcc.envs.nitta.server.scoring import Scoring
    from gymcc.envs.nitta.tree import Node

# Search methods by their names in the API, as :mod:`gymcc.envs.nitta.methods` calls them.
SEARCHES = {
    "stateOfTheArtSynthesisIO": "stateOfTheArt",
    "simpleSynthesis": "simpleSynthesis",
    "smartBindSynthesisIO": "smartBindSynthesis",
    "bestStep": "bestStep",
    "obviousBindThread": "obviousBindThread",
    "allBindsAndRefsIO": "allBindsAndRefs",
}
UNBOUNDED = 2**63 - 1  # how NITTA writes infinity


class NotFound(LookupError):
    """There is no such path, or not with this HTTP method."""


class BadRequest(ValueError):
    """A query parameter is missing or not of its type."""


class SearchFailed(RuntimeError):
    """A search method ended with an error, as NITTA's does where it meets a node that crashes."""


@dataclass(frozen=True)
class Request:
    """A path taken apart: what its placeholders stand for, and the query."""

    parts: Mapping[str, str]
    query: Mapping[str, str]

    def text(self, name: str) -> str:
        """A query parameter; raises :class:`BadRequest`."""
        if name not in self.query:
            raise BadRequest(f"Query parameter {name} is required")
        return self.query[name]

    def integer(self, name: str) -> int:
        """A query parameter that is a number; raises :class:`BadRequest`."""
        try:
            return int(self.text(name))
        except ValueError as error:
            raise BadRequest(f"Error parsing query parameter {name} failed: {error}") from error


class Api:
    """Answers from the tree below ``root``; ``inspection`` shows the inside of its nodes, where they have one."""

    def __init__(self, root: Node, inspection: Inspection | None = None, scoring: Scoring | None = None) -> None:
        self.root, self.inspection, self.explored = root, inspection, Explored(root, scoring)

    def answer(self, http_method: str, target: str) -> Any:
        """The JSON document for a request.

        Raises :class:`NotFound`, :class:`BadRequest`, NodeCrashed and, where NITTA answers with an internal error,
        anything else, such as UnknownSid.
        """
        url = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        for method, pattern, reply in _ROUTES:
            if method == http_method and (match := pattern.fullmatch(url.path)):
                parts = {name: unquote(part) for name, part in match.groupdict().items()}
                return jsonable(reply(self, Request(parts, query)))
        raise NotFound(f"{http_method} {url.path}")

    # One method per path

    def tree(self, request: Request) -> Any:
        return self.explored.tree(self.root)

    def info(self, request: Request) -> Any:
        return self.explored.info()

    def node(self, request: Request) -> Any:
        return self.explored.view(self._at(request))

    def sub_forest(self, request: Request) -> Any:
        children = self.explored.children(self._at(request))
        return [self.explored.view(child) for child in children]

    def history(self, request: Request) -> Any:
        return [self.explored.view(node) for node in self.explored.history(self._at(request))]

    def parent_edge(self, request: Request) -> Any:
        parent = self._at(request).parent
        return None if parent is None else self.explored.view(parent)

    def page(self, request: Request) -> Any:
        """Any of the pages that show the inside of a node."""
        return self._inspection().page(request.parts["page"], self._at(request))

    def unit_process(self, request: Request) -> Any:
        node, unit = self._at(request), request.parts["unit"]
        try:
            return self._inspection().unit_process(node, unit)
        except KeyError as error:
            raise NodeCrashed(f"{node.sid} has no unit {unit}") from error

    def testbench(self, request: Request) -> Any:
        request.text("pName")
        return self._inspection().testbench(self._at(request), request.integer("loopsNumber"))

    def search(self, request: Request) -> Any:
        return self._found(request, SEARCHES[request.parts["method"]])

    def best_threads(self, request: Request) -> Any:
        return self._found(request, f"allBestThreads{request.integer('deep')}")

    def _found(self, request: Request, method: str) -> str:
        """The id of the node where a search from the requested one arrives."""
        outcome = synthesise(self._at(request), method, scores=self.explored.scores)
        if outcome.ended != "done":
            raise SearchFailed(f"{method} went where NITTA raises")
        return outcome.node.sid

    def _inspection(self) -> Inspection:
        if self.inspection is None:
            raise NotFound("nothing is known of the inside of these nodes")
        return self.inspection

    def _at(self, request: Request) -> Node:
        return self.explored.at(request.parts["sid"])


def jsonable(value: Any) -> Any:
    """As NITTA prints it: whole numbers without a point, infinity as the greatest int, not-a-number as null."""
    if isinstance(value, float):
        if isnan(value):
            return None
        if isinf(value):
            return UNBOUNDED if value == inf else -UNBOUNDED
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        return {str(name): jsonable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    return value


def _route(method: str, path: str, reply: Callable[[Api, Request], Any]) -> tuple[str, re.Pattern[str], Any]:
    """``{name}`` in ``path`` stands for one piece of it, ``{name:a|b}`` for one of those."""
    named = re.sub(r"\{(\w+)\}", r"{\1:[^/]+}", path)
    return method, re.compile(re.sub(r"\{(\w+):([^}]*)\}", r"(?P<\1>\2)", named)), reply


_PAGES = "intermediateView|process|processTimelines|endpoints|microarchitecture|debug"
_ROUTES = [
    _route("GET", "/synthesisTree", Api.tree),
    _route("GET", "/treeInfo", Api.info),
    _route("GET", "/node/{sid}", Api.node),
    _route("GET", "/node/{sid}/subForest", Api.sub_forest),
    _route("GET", "/node/{sid}/history", Api.history),
    _route("GET", "/node/{sid}/parentEdge", Api.parent_edge),
    _route("GET", f"/node/{{sid}}/{{page:{_PAGES}}}", Api.page),
    _route("GET", "/node/{sid}/microarchitecture/{unit}/process", Api.unit_process),
    _route("POST", "/node/{sid}/testbench", Api.testbench),
    _route("POST", "/node/{sid}/allBestThreads", Api.best_threads),
    _route("POST", f"/node/{{sid}}/{{method:{'|'.join(SEARCHES)}}}", Api.search),
]
