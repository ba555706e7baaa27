"""NITTA's synthesis as a server has it: the embedded problem, with its nodes asked of NITTA itself."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gymcc.envs.core.dataset import Dataset
from gymcc.envs.nitta.backends.server.connection import Connection
from gymcc.envs.nitta.backends.server.errors import MalformedAnswer, NodeUnavailable, ServerGone, ServerTimeout
from gymcc.envs.nitta.backends.server.live import LiveNode, LiveRoot
from gymcc.envs.nitta.backends.server.server import NittaServer, ServerSettings, function_texts
from gymcc.envs.nitta.library import Label, Library
from gymcc.envs.nitta.methods import synthesise
from gymcc.envs.nitta.microarchitecture import Microarchitecture
from gymcc.envs.nitta.options import GROUP_BINDS
from gymcc.envs.nitta.problem import Nitta
from gymcc.envs.nitta.program import Program
from gymcc.envs.nitta.tree import Node, Root

ATTEMPTS = 3  # to begin an episode: a server that has just died, or that hangs, is started again
MOST_SERVERS = 4  # at a time; each has a program of its own
MOST_COMPARED = 500  # programs, to find out which one a server at a URL has
HEURISTIC = "stateOfTheArtSynthesisIO"
PASSING = (NodeUnavailable, MalformedAnswer, ServerGone, ServerTimeout)


class Servers:
    """The servers of a problem, one per program; of too many the one is ended that was asked least recently."""

    def __init__(
        self, program: Callable[[str], Program], microarchitecture: Microarchitecture, settings: ServerSettings
    ) -> None:
        self.program, self.microarchitecture, self.settings = program, microarchitecture, settings
        self._known: dict[str, NittaServer] = {}

    def of(self, instance: str) -> NittaServer:
        """The server of an instance, which starts when it is first asked."""
        server = self._known.pop(instance, None)
        if server is None:
            server = NittaServer(self.program(instance), self.microarchitecture, self.settings)
        self._known[instance] = server  # dicts keep their order: moved to the young end
        while len(self._known) > MOST_SERVERS:
            self._known.pop(next(iter(self._known))).close()
        return server


class LiveNitta(Nitta):
    """As :class:`Nitta`, over the trees of NITTA servers that ``settings`` start or name.

    Options, scores, flags and durations are the server's, and so is where :meth:`heuristic` leads. What is known of
    shipped programs besides is the embedded model's. :meth:`initial` begins an episode, after so many of which a
    server is started anew; copies of the problem share its servers.
    """

    def __init__(
        self,
        library: Library,
        datasets: Mapping[str, Dataset],
        microarchitecture: Microarchitecture,
        max_options: int,
        group_binds: str,
        settings: ServerSettings,
    ) -> None:
        super().__init__(library, datasets, microarchitecture, max_options, group_binds)
        self.embedded = Nitta(library, datasets, microarchitecture, max_options, group_binds)
        self.servers = Servers(library.program, microarchitecture, settings)
        self._labels: dict[str, Label] = {}

    def initial(self, instance: str) -> Node:
        """The start of an episode, with its options known. Raises UnknownInstance, BackendError."""
        shadow, server = self.embedded.initial(instance), self.servers.of(instance)
        assert isinstance(shadow, Root)
        for _ in range(ATTEMPTS - 1):
            try:
                return _begun(LiveRoot(server, shadow))
            except PASSING:
                continue
        return _begun(LiveRoot(server, shadow))

    def resolve(self, uri: str) -> str:
        return self.embedded.resolve(uri)

    def cost_key(self, state: Node) -> Hashable:
        assert isinstance(state, LiveNode)
        return state.root.program.name, state.remote.sid  # not the node, which holds on to all that the server said

    def solution(self, instance: str) -> Sequence[int] | None:
        return self.embedded.solution(instance)

    def landscape(self, instances: Sequence[str]) -> dict[str, Any]:
        return self.embedded.landscape(instances)

    def facts(self, instance: str) -> dict[str, float | bool]:
        return self.embedded.facts(instance)

    def _label(self, instance: str) -> Label:
        """Where stateOfTheArt ends, by the server, which offers it all binds; of fewer it is searched from here."""
        label = self._labels.get(instance)
        if label is None:
            root = self.initial(instance)
            assert isinstance(root, LiveNode)
            whole = self.group_binds == GROUP_BINDS[0]
            sid = root.remote.search(HEURISTIC).sid if whole else _searched(root)
            label = self._labels[instance] = Label(sid)
        return label


def _searched(root: Node) -> str:
    return synthesise(root, "stateOfTheArt").node.sid


def _begun(root: LiveRoot) -> LiveRoot:
    """The same, once its options are known; raises BackendError."""
    _ = root.options
    return root


def served(settings: ServerSettings, library: Library, dataset: Dataset) -> Dataset:
    """A dataset less all programs but the one that the server at a URL has. Raises ValueError, BackendError."""
    if len(dataset) > MOST_COMPARED:
        raise ValueError(f"the server at {settings.url} has one program: name it, or its Lua file, as dataset")
    connection = Connection(settings.url, settings.seconds)
    texts = function_texts(connection)
    connection.close()
    for instance in dataset:
        if {function.text for function in library.program(instance).functions} == texts:
            return replace(dataset, instances=(instance,))
    raise ValueError(f"the server at {settings.url} has none of {dataset.name}; give its Lua file as dataset")
