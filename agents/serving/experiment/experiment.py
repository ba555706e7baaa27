"""An experiment: programs and a server, started and stopped together, here or on a cluster."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from gymcc.agents.serving.experiment import cluster
from gymcc.agents.serving.experiment.database import Orchestrator
from gymcc.agents.serving.experiment.entity import Model, checked_name
from gymcc.agents.serving.experiment.local import LocalProgram
from gymcc.agents.serving.experiment.settings import RunSettings, Words
from gymcc.agents.serving.experiment.status import COMPLETED, NEW, OVER, RUNNING, Started

Entity = Model | Orchestrator
LAUNCHERS = ("local", "slurm")
READY_SECONDS = {"local": 60.0, "slurm": 600.0}  # a cluster may have a queue
POLL_SECONDS = {"local": 0.05, "slurm": 1.0}
SOCKET_TIMEOUT = "30000"  # ms; SmartRedis's own, 250, sends slow commands twice


class ExperimentError(RuntimeError):
    """An experiment that cannot go on; the message says what failed and where its output is."""


class Experiment:
    """Programs of one experiment, whose folders and output are in ``exp_path``, by default a folder of its name."""

    def __init__(self, name: str, exp_path: str | Path | None = None, launcher: str = "local") -> None:
        if launcher not in LAUNCHERS:
            raise ValueError(f"launcher {launcher!r} is unknown; allowed: {', '.join(LAUNCHERS)}")
        self.name, self.launcher = checked_name(name), launcher
        self.exp_path = Path(exp_path or name).resolve()
        self._started: dict[str, Started] = {}
        self._models: dict[str, Model] = {}
        self._database: Orchestrator | None = None
        self._address: str | None = None

    def create_model(
        self, name: str, run_settings: RunSettings, path: str | Path | None = None, enable_key_prefixing: bool = False
    ) -> Model:
        """A program of this experiment, not started yet; raises ValueError if the name is taken."""
        if name in self._models:
            raise ValueError(f"{self.name} has a model {name!r} already")
        model = Model(name, self.exp_path / name, run_settings, path)
        if enable_key_prefixing:
            model.enable_key_prefixing()
        self._models[name] = model
        return model

    def create_run_settings(
        self, exe: str, exe_args: Words = (), env_vars: Mapping[str, str | None] | None = None
    ) -> RunSettings:
        """How a program is run."""
        return RunSettings(exe, exe_args, env_vars=env_vars or {})

    def create_database(self, port: int | None = None, unix_socket: str | None = None) -> Orchestrator:
        """A server for :meth:`start`."""
        return Orchestrator(port, unix_socket)

    def generate(self, *models: Model) -> None:
        """Make the folders of programs with the files attached to them; :meth:`start` does so, too."""
        for model in models:
            model.generate()

    def start(self, *entities: Entity, block: bool = True, summary: bool = False) -> None:
        """Start servers, then programs; with ``block`` wait for the programs, and at Ctrl-C stop them.

        A program that fails is told on standard error; :meth:`get_status` has it, too. Raises :class:`ExperimentError`
        if a server does not come up.
        """
        for entity in entities:
            if isinstance(entity, Orchestrator):
                self._start_database(entity)
        models = [entity for entity in entities if isinstance(entity, Model)]
        if summary:
            print(self.summary(*models))
        for model in models:
            self._start_model(model)
        if block:
            self._wait(models)

    def stop(self, *entities: Entity) -> None:
        """End programs and servers; programs first, so that none loses its server."""
        for entity in sorted(entities, key=lambda each: isinstance(each, Orchestrator)):
            if entity.name in self._started:
                self._started[entity.name].stop()
            if entity is self._database:
                self._database = self._address = None

    def get_status(self, *entities: Entity) -> list[str]:
        """``New``, ``Running``, ``Completed``, ``Failed`` or ``Cancelled`` of each."""
        return [self._status(entity) for entity in entities]

    def finished(self, entity: Entity) -> bool:
        """Whether it was started and is over."""
        return self._status(entity) in OVER

    def summary(self, *models: Model) -> str:
        """What is about to run, as a table."""
        rows = [("name", "status", "command", "folder")]
        rows += [(m.name, self._status(m), " ".join(m.run_settings.command()), str(m.path)) for m in models]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([f"experiment {self.name} ({self.launcher}), server {self._address or 'none'}", *lines])

    def _status(self, entity: Entity) -> str:
        return self._started[entity.name].status() if entity.name in self._started else NEW

    def _start_database(self, database: Orchestrator) -> None:
        if self._database is not None:
            raise ExperimentError(f"{self.name} has a server already; stop it first")
        self.exp_path.mkdir(parents=True, exist_ok=True)
        self._database = database
        if self.launcher == "local":
            command, self._address = database.on_loopback()
            out, err = (self.exp_path / f"{database.name}.{kind}" for kind in ("out", "err"))
            self._require_free(database.port)
            self._started[database.name] = LocalProgram(command, self.exp_path, {}, out, err)
            self._await_ready(database)
        elif database.shared:
            variables = {"GYMCC_PASSWORD": database.password}
            self._started[database.name] = cluster.submit(
                database.name, database.on_network(), self.exp_path, self.exp_path, variables, {"nodes": 1}
            )
            self._await_ready(database)
            self._address = f"{cluster.host_of(database.name, self.exp_path)}:{database.port}"

    def _require_free(self, port: int | None) -> None:
        if port is None:
            return
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                self._database = self._address = None
                raise ExperimentError(f"port {port} is taken on this machine; give the Orchestrator another")

    def _await_ready(self, database: Orchestrator) -> None:
        out = self.exp_path / f"{database.name}.out"
        deadline = time.monotonic() + READY_SECONDS[self.launcher]
        while not (out.is_file() and "ready" in out.read_text(errors="replace")):
            started = self._started[database.name]
            late = time.monotonic() > deadline
            if late or started.status() != RUNNING:
                started.stop()
                self._database = self._address = None
                why = "is not ready in time" if late else "ended"
                raise ExperimentError(f"the server {database.name} {why}{_last_words(out.with_suffix('.err'))}")
            time.sleep(POLL_SECONDS[self.launcher])

    def _start_model(self, model: Model) -> None:
        if self._status(model) == RUNNING:
            raise ExperimentError(f"{model.name} runs already")
        command = model.run_settings.command()
        model.generate()
        variables = {**self._variables(), **model.variables(), **model.run_settings.env_vars}
        if self.launcher == "local":
            self._started[model.name] = LocalProgram(command, model.path, variables, model.out, model.err)
            return
        database = self._database
        beside = database.beside() if database is not None and not database.shared else None
        self._started[model.name] = cluster.submit(
            model.name, command, model.path, model.folder, variables, model.run_settings.run_args, beside
        )

    def _variables(self) -> dict[str, str]:
        told = {"SR_SOCKET_TIMEOUT": SOCKET_TIMEOUT, "SR_DB_TYPE": "Standalone"}
        if self._address is not None and self._database is not None:
            told["SSDB"] = self._address
            if self.launcher == "slurm":
                told["GYMCC_PASSWORD"] = self._database.password
        return told

    def _wait(self, models: list[Model]) -> None:
        try:
            while any(self._status(model) == RUNNING for model in models):
                time.sleep(POLL_SECONDS[self.launcher])
        except KeyboardInterrupt:
            self.stop(*models)
            raise
        for model in models:
            if (status := self._status(model)) != COMPLETED:
                print(f"{self.name}: {model.name}: {status}{_last_words(model.err)}", file=sys.stderr)


def _last_words(path: Path) -> str:
    """What a program said last, and where the rest is."""
    lines = path.read_text(errors="replace").strip().splitlines() if path.is_file() else []
    return (f": {lines[-1][:300]}" if lines else "") + f" (see {path})"
