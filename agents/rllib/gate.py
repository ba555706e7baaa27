"""Which policies go to work: those that do better on the validation instances than the one at work."""

from __future__ import annotations

from pathlib import Path

from gymcc.agents.config import Experiment
from gymcc.agents.policy import Policy, PolicyError
from gymcc.agents.rllib.validation import Validator
from gymcc.agents.serving.client.client import Client
from gymcc.agents.serving.client.decide import published_key, served_policy
from gymcc.agents.serving.client.errors import UnknownKey
from gymcc.agents.serving.publish import publish


class Gate:
    """Publishes a training's policies under one name, never a worse one than the name stands for."""

    def __init__(self, client: Client, name: str, validator: Validator) -> None:
        self._client, self._name, self._validator = client, name, validator
        self._known: dict[str, float] = {}  # speed-up of published versions, where costs are the same every time

    @classmethod
    def of(cls, experiment: Experiment, validator: Validator) -> Gate | None:
        """The gate that an experiment asks for, if it does."""
        data = experiment.data
        return None if data is None or data.publish is None else cls(Client(data.address), data.publish, validator)

    @property
    def version(self) -> int | None:
        """Of the policy at work; None without one, or if it has no number."""
        key = self.at_work()
        number = key.rpartition(":")[2] if key else ""
        return int(number) if number.isdecimal() else None

    def at_work(self) -> str | None:
        """The published policy that the name stands for."""
        return published_key(self._client, self._name)

    def offer(self, run: Path, speedup: float) -> str | None:
        """Publish the policy of ``run``, whose validation said ``speedup``, if it is better; its key, or None.

        The policy at work is validated now, beside it: where costs are measured the machine may have changed.
        """
        present = self.at_work()
        if present is not None and speedup <= self._speedup(present):
            return None
        key = publish(self._client, str(run), self._name)
        self._known[key] = speedup
        return key

    def _speedup(self, key: str) -> float:
        """Of a published policy on the validation instances; 0 for one that is not for this environment."""
        deterministic = self._validator.env.problem.deterministic
        if not (deterministic and key in self._known):
            try:
                policy: Policy = served_policy(self._client, key)
                policy.check(self._validator.env)
            except (PolicyError, UnknownKey):
                return 0.0
            self._known[key] = float(self._validator(policy)["speedup"])
        return self._known[key]
