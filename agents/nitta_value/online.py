"""NITTA's value network learned while workers synthesise: in rounds, from the descents that they upload.

The run folder holds ``config.yaml``, ``metrics.jsonl`` and the best network so far (``value.onnx``, ``value.json``),
which is published if it does better than the one at work.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from math import exp, log
from pathlib import Path
from typing import Any

import gymcc
from gymcc.agents.config import ConfigError, Uploads
from gymcc.agents.nitta_value.descents import Descent, from_batch, to_examples
from gymcc.agents.nitta_value.learning import pick
from gymcc.agents.nitta_value.model_scores import BONUS, scores_of, views
from gymcc.agents.nitta_value.network import ValueNet, export, fit, mean_absolute_error, values
from gymcc.agents.nitta_value.seed import divided
from gymcc.agents.nitta_value.settings import ValueSettings, dump
from gymcc.agents.nitta_value.trial import FAILURE_RATIO
from gymcc.agents.rllib.gate import Gate
from gymcc.agents.serving.client.client import Client
from gymcc.agents.serving.client.errors import UnknownKey
from gymcc.agents.serving.nitta_ml.value_model import ModelError, ValueModel
from gymcc.agents.serving.online.stream import Stream
from gymcc.agents.serving.publish import publish_values
from gymcc.envs.nitta.features import COLUMNS, matrix
from gymcc.envs.nitta.library import Library
from gymcc.envs.nitta.methods import Limit, SynthesisNode, synthesise
from gymcc.envs.nitta.tree import Node, open_tree

METHOD = "stateOfTheArt"
Progress = Callable[[dict[str, Any]], None]
Scores = Callable[[SynthesisNode], Sequence[float]]


class Trials:
    """NITTA's stateOfTheArt on some programs, with other scores than its own and with no more evaluations."""

    def __init__(self, programs: Sequence[str]) -> None:
        self._roots: list[Node] = [open_tree(Library().program(program)) for program in programs]
        own = [synthesise(root, METHOD) for root in self._roots]
        self._limits = [Limit(evaluations=max(1, found.evaluations)) for found in own]
        self._durations = [found.node.duration if found.complete else None for found in own]

    def speedup(self, scores: Scores) -> float:
        """Geometric mean of its own duration over the one with these scores, where either finds a schedule.

        Where one alone fails its schedule counts as ten times as long as the other's.
        """
        logs = []
        for root, limit, own in zip(self._roots, self._limits, self._durations, strict=True):
            found = synthesise(root, METHOD, limit, scores)
            if found.complete and own is not None:
                logs.append(log(max(1, own) / max(1, found.node.duration)))
            elif found.complete or own is not None:
                logs.append(log(FAILURE_RATIO) * (1 if found.complete else -1))
        return exp(sum(logs) / max(1, len(logs)))

    def judge(self, client: Client, key: str) -> float:
        """:meth:`speedup` by a published network; 0 for what is none."""
        try:
            return self.speedup(scores_of(ValueModel.served(client, key)))
        except (ModelError, UnknownKey):
            return 0.0


def learn_online(settings: ValueSettings, run: Path, progress: Progress = lambda row: None) -> Path:
    """Learn into ``run``, a new folder, until the rounds are over or nothing is uploaded any more; returns it.

    Raises :class:`ConfigError`.
    """
    if settings.data is None:
        raise ConfigError("data: expected `orchestrator` or its settings; from a crawl: `gymcc nitta learn --crawl`")
    if run.exists() and any(run.iterdir()):
        raise ConfigError(f"{run}: exists already; choose another folder")
    trials = Trials(pick(settings.trials))
    run.mkdir(parents=True, exist_ok=True)
    (run / "config.yaml").write_text(dump(settings))
    _Rounds(settings, settings.data, trials, run, progress).take()
    return run


class _Rounds:
    """A training in progress."""

    def __init__(self, settings: ValueSettings, data: Uploads, trials: Trials, run: Path, progress: Progress) -> None:
        self._settings, self._trials, self._run, self._progress = settings, trials, run, progress
        self._stream = Stream(data, from_batch)
        self._descents: deque[Descent] = deque(maxlen=settings.window)
        self._seen, self._best = 0, 0.0
        self._gate: Gate | None = None
        if data.publish is not None:
            self._gate = Gate(Client(data.address), data.publish, trials.judge, publish_values, lasting=True)

    def take(self) -> None:
        """Round after round."""
        for number in range(1, self._settings.rounds + 1):
            fresh = self._listen()
            if fresh:
                self._round(number)
            if fresh < self._settings.descents:
                self._progress({"ended": self._stream.ended()})
                return

    def _listen(self) -> int:
        """Take in as many descents as a round needs, or fewer if no more come; how many those were."""
        fresh = 0
        while fresh < self._settings.descents and not self._stream.ended():
            found = self._stream.wait()
            self._descents += found
            fresh += len(found)
        self._seen += fresh
        return fresh

    def _round(self, number: int) -> None:
        train, validation = divided(to_examples(self._descents), self._settings)
        net = fit(train, validation, self._settings)
        row: dict[str, Any] = {
            "round": number,
            "descents": self._seen,
            "refused": self._stream.refused,
            "rows": len(train.labels),
            "train_mae": mean_absolute_error(net, train),
            "validation_mae": mean_absolute_error(net, validation),
            "speedup": self._trials.speedup(partial(_scores, net)),
        }
        if row["speedup"] > self._best:
            self._best = row["speedup"]
            self._export(net, row)
        if self._gate is not None and self._gate.version is not None:
            row["published"] = self._gate.version
        with (self._run / "metrics.jsonl").open("a") as file:
            file.write(json.dumps(row) + "\n")
        self._progress(row)

    def _export(self, net: ValueNet, row: dict[str, Any]) -> None:
        facts = {name: row[name] for name in ("descents", "rows", "train_mae", "validation_mae")}
        facts |= {"validation": {"speedup": self._best, "method": METHOD}, "gymcc": gymcc.__version__}
        export(net, COLUMNS, self._run, {**facts, "settings": self._settings.model_dump(mode="json")})
        if self._gate is not None:
            self._gate.offer(self._run, self._best)


def _scores(net: ValueNet, node: SynthesisNode) -> Sequence[float]:
    if not node.options:
        return []
    found: list[float] = (values(net, matrix(views(node), COLUMNS)) + BONUS).tolist()
    return found
