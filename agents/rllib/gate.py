"""What goes to work: what does better on validation than what is at work already."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gymcc.agents.config import Experiment
from gymcc.agents.policy import Policy, PolicyError
from gymcc.agents.rllib.validation import Validator
from gymcc.agents.serving.client.client import Client
from gymcc.agents.serving.client.decide import published_key, served_policy
from gymcc.agents.serving.client.errors import UnknownKey
from gymcc.agents.serving.publish import publish

Judge = Callable[[Client, str], float]  # the speed-up on validation of what is published under a key
Put = Callable[[Client, Path, str], str]  # publishes what is in a run folder under a name, and gives the key


class Gate:
    """Publishes what a training makes under one name, never anything worse than the name stands for.

    ``lasting``: costs are the same every time, so that a version need be judged but once.
    """

    def __init__(self, client: Client, name: str, judge: Judge, put: Put, lasting: bool) -> None:
        self._client, self._name, self._judge, self._put, self._lasting = client, name, judge, put, lasting
        self._known: dict[str, float] = {}  # speed-up of published versions

    @classmethod
    def of(cls, experiment: Experiment, validator: Validator) -> Gate | None:
        """The gate for policies that an experiment asks for, if it does."""
        data = experiment.data
        if data is None or data.publish is None:
            return None

        def judge(client: Client, key: str) -> float:
            try:
                policy: Policy = served_policy(client, key)
                policy.check(validator.env)
            except (PolicyError, UnknownKey):  # for another environment
                return 0.0
            return float(validator(policy)["speedup"])

        lasting = validator.env.problem.deterministic
        return cls(
            Client(data.address), data.publish, judge, lambda *args: publish(args[0], str(args[1]), args[2]), lasting
        )

    @property
    def version(self) -> int | None:
        """Of what is at work; None without anything, or if it has no number."""
        key = self.at_work()
        number = key.rpartition(":")[2] if key else ""
        return int(number) if number.isdecimal() else None

    def at_work(self) -> str | None:
        """What the name stands for."""
        return published_key(self._client, self._name)

    def offer(self, run: Path, speedup: float) -> str | None:
        """Publish what is in ``run``, whose validation said ``speedup``, if it is better; its key, or None.

        What is at work is judged now, beside it: where costs are measured the machine may have changed.
        """
        present = self.at_work()
        if present is not None and speedup <= self._speedup(present):
            return None
        key = self._put(self._client, run, self._name)
        self._known[key] = speedup
        return key

    def _speedup(self, key: str) -> float:
        if not (self._lasting and key in self._known):
            self._known[key] = self._judge(self._client, key)
        return self._known[key]
