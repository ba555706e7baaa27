"""A worker of NITTA's value networks: synthesises by the published one, sometimes otherwise, and uploads what came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from gymcc.agents.nitta_value.descents import DescentUploader, Scores, descend
from gymcc.agents.nitta_value.model_scores import scores_of
from gymcc.agents.serving.client.client import Client
from gymcc.agents.serving.client.decide import published_key, version_of
from gymcc.agents.serving.client.errors import UnknownKey
from gymcc.agents.serving.nitta_ml.value_model import ValueModel
from gymcc.envs.nitta.methods import SynthesisNode


@dataclass(frozen=True, slots=True)
class Report:
    """What came of one descent."""

    program: str
    version: int  # of the network that decided
    duration: int | None  # of the schedule in ticks; None: there is none


class ValueWorker:
    """Descends through one program's tree after the other; the network is looked up anew for each.

    ``root`` gives the tree of a program. While nothing is published, options are drawn by NITTA's own scores.
    """

    def __init__(
        self,
        root: Callable[[str], SynthesisNode],
        client: Client,
        uploader: DescentUploader,
        name: str,
        epsilon: float,
        seed: int,
    ) -> None:
        if not 0 <= epsilon <= 1:
            raise ValueError(f"epsilon {epsilon}: allowed: 0 to 1")
        self._root, self._client, self._uploader, self._name = root, client, uploader, name
        self._epsilon, self._random = epsilon, Random(seed)
        self._known: tuple[str, Scores | None] = "", None

    def work(self, programs: Sequence[str], descents: int, tell: Callable[[Report], None]) -> None:
        """So many descents on programs drawn from those given, each uploaded when it ends."""
        for _ in range(descents):
            key, scores = self._scores()
            program = self._random.choice(programs)
            found = descend(program, self._root(program), scores, self._epsilon, self._random)
            if found.path:
                self._uploader.put_descent(found, version_of(key))
            tell(Report(program, version_of(key), found.duration if found.success else None))

    def _scores(self) -> tuple[str, Scores | None]:
        key = published_key(self._client, self._name)
        if key is None:
            return "", None
        if key != self._known[0]:
            try:
                self._known = key, scores_of(ValueModel.served(self._client, key))
            except UnknownKey:  # deleted in between
                return "", None
        return self._known
