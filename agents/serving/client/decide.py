"""Published policies: decisions by the server, one exchange each.

>>> policy = served_policy(client, "looptune")          # or "looptune:3"
>>> policy.act(observation, mask)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from gymcc.agents.policy import Card, Policy
from gymcc.agents.recorded import UNNUMBERED
from gymcc.agents.serving.client.client import Client


class RemoteNetwork:
    """A model on the server, with that method of an onnxruntime session that :class:`Policy` calls."""

    def __init__(self, client: Client, name: str) -> None:
        self._client, self._name = client, name

    def run(self, outputs: Sequence[str], inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """As many of the model's outputs as are named, in the model's order, for ``inputs`` in the model's order."""
        return self._client.infer(self._name, list(inputs.values()), len(outputs))


def served_policy(client: Client, name: str) -> Policy:
    """The policy published as ``name``, or ``name:version``, which decides on the server.

    Without a version later decisions are those of the version that the name then stands for. Raises
    :class:`.errors.UnknownKey`, and :class:`~gymcc.agents.policy.PolicyError` for a model that is no policy.
    """
    return Policy(Card.parse(client.get_card(name), name), RemoteNetwork(client, name))


def published_key(client: Client, name: str) -> str | None:
    """The ``NAME:VERSION`` that ``name`` stands for now; None if it stands for nothing."""
    return next((model.key for model in client.get_models() if name in model.aliases), None)


def version_of(key: str) -> int:
    """The number at the end of ``NAME:VERSION``, :data:`UNNUMBERED` without one."""
    number = key.rpartition(":")[2]
    return int(number) if number.isdecimal() else UNNUMBERED
