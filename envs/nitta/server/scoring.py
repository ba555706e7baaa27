"""The scores of nodes: NITTA's own, or those of a machine-learning service that NITTA is told to ask (``-s ml_NAME``).

What is asked, and how, is NITTA's (nitta, ``src/NITTA/Synthesis/MlBackend``): the service's URL is in a file of the
working directory; all options of a node are posted; 20 is added to what comes back. NITTA asks anew whenever it comes
by a node, here a node is asked about once.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from gymcc.envs.nitta.tree import Node

URL_FILE = ".ml_backend_base_url"
PREFIX = "ml_"
BONUS = 20.0
SECONDS = 30.0  # after which a service is taken not to answer
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Service:
    """The model ``name`` of the scoring service whose URL is in ``folder``."""

    name: str
    folder: Path = Path()

    @classmethod
    def parse(cls, text: str, folder: Path = Path()) -> Service:
        """``ml_NAME``, as NITTA's option has it; raises ValueError."""
        if not text.removeprefix(PREFIX) or not text.startswith(PREFIX):
            raise ValueError(f"score {text!r} is not {PREFIX}NAME, the name of a model after {PREFIX}")
        return cls(text.removeprefix(PREFIX), folder)

    def ask(self, views: Sequence[Json]) -> list[float]:
        """The scores of all options of one node; raises OSError, HTTPException and ValueError."""
        url = urlsplit((self.folder / URL_FILE).read_text(encoding="utf-8").strip())
        connection = HTTPConnection(url.hostname or "", url.port, timeout=SECONDS)
        try:
            body = json.dumps({"inputs": [{"scoringTarget": "all", "nodes": views}]})
            headers = {"Content-Type": "application/json"}
            connection.request("POST", f"{url.path}/models/{quote(self.name, safe='')}/score", body, headers)
            response = connection.getresponse()
            return _scores(response.status, response.read(), len(views))
        finally:
            connection.close()


def _scores(status: int, body: bytes, count: int) -> list[float]:
    try:
        (scores,) = json.loads(body)["data"]["scores"]
        found = [float(score) for score in scores]
    except (ValueError, KeyError, TypeError):
        found = []
    if status != 200 or len(found) != count:
        raise ValueError(f"status {status}, {count} scores expected: {body[:300].decode(errors='replace')}")
    return found


class Scoring:
    """The scores of nodes, by the first of ``services`` that answers, else NITTA's own."""

    def __init__(self, services: Sequence[Service] = ()) -> None:
        self._services = tuple(services)
        self._known: dict[str, list[dict[str, float]]] = {}

    def scores(self, node: Node) -> list[float]:
        """Of all options of a node."""
        told = zip(node.options, self._told(node), strict=True)
        return [_first(scores, option.score) for option, scores in told]

    def view(self, node: Node) -> Json:
        """NITTA's NodeView, with the scores of services."""
        view = node.view()
        told = self._told(node.parent)[_place(node)] if node.parent else {}
        if told:
            view |= {"score": _first(told, view["score"]), "scores": {**view["scores"], **told}}
        return view

    def _told(self, node: Node) -> Sequence[Mapping[str, float]]:
        """By option, the scores of services by the names that NITTA gives them."""
        if not self._services:
            return ({},) * len(node.options)
        if node.sid not in self._known:
            self._known[node.sid] = self._asked(node)
        return self._known[node.sid]

    def _asked(self, node: Node) -> list[dict[str, float]]:
        told: list[dict[str, float]] = [{} for _ in node.options]
        alive = [child for child in node.children if not child.crashed]
        views = [child.view() for child in alive]
        for service in self._services if views else ():
            try:
                scores = service.ask(views)
            except (OSError, HTTPException, ValueError) as error:
                print(f"no scores by {PREFIX}{service.name} for {node.sid}: {error}", file=sys.stderr)
                continue
            for child, score in zip(alive, scores, strict=True):
                told[_place(child)][f"{PREFIX}{service.name}"] = score + BONUS
        return told


def _first(told: Mapping[str, float], default: float) -> float:
    return next(iter(told.values()), default)


def _place(node: Node) -> int:
    """Which option of its parent led to a node."""
    return int(node.sid.rpartition("-")[2])
