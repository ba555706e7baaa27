"""An experiment: programs and a server, started and stopped together, here or on a cluster."""

from __future__ import annotations

import atexit
import os
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Protocol

from gymcc.agents.serving.experiment import cluster, local
from gymcc.agents.serving.experiment.database import Orchestrator
from gymcc.agents.serving.experiment.entity import Model, checked_name
from gymcc.agents.serving.experiment.settings import RunSettings, Words
from gymcc.agents.serving.experiment.status import (
    AT_WORK,
    COMPLETED,
    NEW,
    OVER,
    ExperimentError,
    Started,
    last_words,
)

Entity = Model | Orchestrator
SOCKET_TIMEOUT = "30000"  # ms; SmartRedis's own, 250, sends slow commands twice


class Place(Protocol):
    """Where programs run: a module of functions."""

    POLL_SECONDS: float

    def check(self, folder: Path) -> None:
        """Raise :class:`.ExperimentError` if what an earlier experiment started still runs in a program's folder."""

    def serve(self, database: Orchestrator, folder: Path) -> tuple[Started, str | None]:
        """A server that is ready, with its files in ``folder``, and its address if all programs share it."""

    def run(
        self, model: Model, command: Sequence[str], variables: Mapping[str, str | None], database: Orchestrator | None
    ) -> Started:
        """A program, started."""


LAUNCHERS: Mapping[str, Place] = {"local": local, "slurm": cluster}


class Experiment:
    """Programs of one experiment, whose folders and output are in ``exp_path``, by default a folder of its name.

    What still runs when the process that has the experiment ends is stopped. Where that process is killed, programs on
    this machine end too; jobs of a cluster go on, ``gymcc jobs EXP_PATH`` lists them and ``gymcc cancel`` ends them.
    """

    def __init__(self, name: str, exp_path: str | Path | None = None, launcher: str = "local") -> None:
        if launcher not in LAUNCHERS:
            raise ValueError(f"launcher {launcher!r} is unknown; allowed: {', '.join(LAUNCHERS)}")
        self.name, self.launcher = checked_name(name), launcher
        self.exp_path = Path(exp_path or name).resolve()
        self._place, self._process = LAUNCHERS[launcher], os.getpid()
        self._started: dict[str, Started] = {}
        self._models: dict[str, Model] = {}
        self._database: Orchestrator | None = None
        self._address: str | None = None

    def create_model(
        self,
        name: str,
        run_settings: RunSettings,
        params: Mapping[str, Any] | None = None,
        path: str | Path | None = None,
        enable_key_prefixing: bool = False,
    ) -> Model:
        """A program of this experiment, not started yet; raises ValueError if the name is taken.

        ``params``: what :meth:`.Model.attach_generator_files` writes into files. ``path``: where it runs.
        """
        if name in self._models:
            raise ValueError(f"{self.name} has a model {name!r} already")
        model = Model(name, self.exp_path / name, run_settings, params, path)
        if enable_key_prefixing:
            model.enable_key_prefixing()
        self._models[name] = model
        return model

    def create_run_settings(
        self,
        exe: str,
        exe_args: Words = (),
        run_args: Mapping[str, str | int | None] | None = None,
        env_vars: Mapping[str, str | None] | None = None,
    ) -> RunSettings:
        """How a program is run."""
        return RunSettings(exe, exe_args, run_args or {}, env_vars or {})

    def create_database(self, port: int | None = None, unix_socket: str | None = None) -> Orchestrator:
        """A server for :meth:`start`."""
        return Orchestrator(port, unix_socket)

    def generate(self, *models: Model) -> None:
        """Make the folders of programs with the files attached to them; :meth:`start` does so, too."""
        for model in models:
            model.generate()

    def start(self, *entities: Entity, block: bool = True, summary: bool = False) -> None:
        """Start servers, then programs; with ``block`` wait for the programs, and at Ctrl-C stop them.

        A program that fails is told on standard error; :meth:`get_status` has it, too. All is started or nothing:
        raises ValueError for what cannot be started, :class:`ExperimentError` if a server does not come up or something
        runs already, and ``SlurmError``, an OSError, if the cluster refuses.
        """
        models = [entity for entity in entities if isinstance(entity, Model)]
        databases = [entity for entity in entities if isinstance(entity, Orchestrator)]
        self._check(databases, models)
        atexit.unregister(self._end)  # once is enough
        atexit.register(self._end)
        try:
            for database in databases:
                self._start_database(database)
            if summary:
                print(self.summary(*models))
            for model in models:
                self._start_model(model)
        except BaseException:
            self.stop(*entities)
            raise
        if block:
            self._wait(models)

    def stop(self, *entities: Entity) -> None:
        """End programs and servers, and wait until they have; programs first, so that none loses its server."""
        for kind in (Model, Orchestrator):
            started = [self._started[each.name] for each in entities if isinstance(each, kind) and self._has(each)]
            with ExitStack() as all_of_them:  # one that cannot be stopped is told when the others are
                for each in started:
                    all_of_them.callback(each.stop)
            for each in started:
                each.wait()
        if self._database in entities:
            self._database = self._address = None

    def get_status(self, *entities: Entity) -> list[str]:
        """``New``, ``Queued``, ``Running``, ``Completed``, ``Failed`` or ``Cancelled`` of each."""
        return [self._status(entity) for entity in entities]

    def finished(self, entity: Entity) -> bool:
        """Whether it was started and is over."""
        return self._status(entity) in OVER

    def summary(self, *models: Model) -> str:
        """How programs stand, by default all, as a table."""
        shown = models or tuple(self._models.values())
        rows = [("name", "status", "command", "folder")]
        rows += [(m.name, self._status(m), " ".join(m.run_settings.command()), str(m.path)) for m in shown]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        server = self._address or ("none" if self._database is None else "one on each node of every program")
        return "\n".join([f"experiment {self.name} ({self.launcher}), server: {server}", *lines])

    def _status(self, entity: Entity) -> str:
        return self._started[entity.name].status() if self._has(entity) else NEW

    def _has(self, entity: Entity) -> bool:
        return entity.name in self._started

    def _check(self, databases: Sequence[Orchestrator], models: Sequence[Model]) -> None:
        """Raise what can be known before anything is started."""
        if len(databases) + (self._database is not None) > 1:
            raise ExperimentError(f"{self.name} has a server already; stop it first")
        for database in databases:
            if database.name in self._models:
                raise ValueError(f"a model is named {database.name!r}, as the server is; give the server another name")
        for model in models:
            if self._status(model) in AT_WORK:
                raise ExperimentError(f"{model.name} runs already")
            if models.count(model) > 1:
                raise ValueError(f"{model.name} is to be started twice at once")
            model.run_settings.command()
        for name in [each.name for each in databases] + [each.name for each in models]:
            self._place.check(self.exp_path / name)

    def _start_database(self, database: Orchestrator) -> None:
        folder = self.exp_path / database.name
        folder.mkdir(parents=True, exist_ok=True)
        self._started[database.name], self._address = self._place.serve(database, folder)
        self._database = database

    def _start_model(self, model: Model) -> None:
        model.generate()
        variables = {**self._variables(), **model.variables(), **model.run_settings.env_vars}
        self._started[model.name] = self._place.run(model, model.run_settings.command(), variables, self._database)

    def _variables(self) -> dict[str, str | None]:
        told: dict[str, str | None] = {"SR_SOCKET_TIMEOUT": SOCKET_TIMEOUT, "SR_DB_TYPE": "Standalone"}
        return told | ({"SSDB": self._address} if self._address is not None else {})

    def _wait(self, models: list[Model]) -> None:
        try:
            while any(self._status(model) in AT_WORK for model in models):
                time.sleep(self._place.POLL_SECONDS)
        except KeyboardInterrupt:
            self.stop(*models)
            raise
        for model in models:
            if (status := self._status(model)) != COMPLETED:
                why = self._started[model.name].why()
                print(f"{self.name}: {model.name}: {status}, {why}{last_words(model.err)}", file=sys.stderr)

    def _end(self) -> None:
        if os.getpid() == self._process:  # a forked child has no say
            for started in reversed(list(self._started.values())):
                with suppress(OSError):  # of a cluster: `gymcc cancel` can do it later
                    started.stop()


__all__ = ["Experiment", "ExperimentError"]
