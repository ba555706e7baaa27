"""One run of Weights & Biases: offline unless a key or ``WANDB_MODE`` says otherwise, and never in training's way.

A service that cannot be reached makes the run an offline one; ``gymcc wandb sync`` sends it later. Everything sent is
also in the run folder's ``wandb/``, from where a run cut off is sent, too.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from gymcc.agents.config import ConfigError, Wandb
from gymcc.agents.tracking.keys import AXIS, BASELINES, CHART, NOTES, shown
from gymcc.agents.tracking.logger import Picture
from gymcc.agents.tracking.service import choose_mode, host

QUIET = {"console": "off", "x_disable_stats": True, "disable_git": True, "silent": True}
PATIENCE = {"init_timeout": 30, "finish_timeout": 60}  # seconds, unless WANDB_INIT_TIMEOUT and the like say otherwise
LATER = "`gymcc wandb sync` on the run folder sends it later"


class WandbRun:
    """A logger; see :class:`gymcc.agents.tracking.logger.Logger`."""

    def __init__(
        self,
        config: Wandb,
        folder: Path,
        facts: Mapping[str, Any],
        run: Mapping[str, str],
        rows: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self._env_steps = int(rows[-1][AXIS]) if rows else 0
        self._curves = [row for row in rows if "validation_speedup" in row]
        self._online = choose_mode(config) == "online"
        where = {"entity": config.entity, "project": config.project, "group": config.group, **run}
        about = {"name": folder.name, "job_type": "train", "notes": NOTES, "config": dict(facts)}
        self._run = _open(folder, self._online, {**where, **about, "resume": "allow" if "id" in run else None})
        self._online = not self._run.offline
        self._run.define_metric(AXIS)
        self._run.define_metric("*", step_metric=AXIS)

    @property
    def identity(self) -> dict[str, str]:
        """Keyword arguments that resume this run."""
        names = ("entity", "project", "id")
        return {name: value for name in names if (value := getattr(self._run, name))}

    def row(self, row: Mapping[str, Any]) -> None:
        self._env_steps = int(row[AXIS])
        self._log(shown(row) | self._chart(row))

    def table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        import wandb

        self._log({name: wandb.Table(columns=list(columns), data=[list(row) for row in rows])})

    def page(self, name: str, html: str) -> None:
        import wandb

        self._log({name: wandb.Html(html, inject=False)})

    def picture(self, name: str, picture: Picture, caption: str) -> None:
        import wandb

        self._log({name: wandb.Image(picture, caption=caption)})

    def files(self, kind: str, folder: Path, names: Sequence[str], metadata: Mapping[str, Any]) -> None:
        import wandb

        artifact = wandb.Artifact(f"{kind}-{self._run.id}", type=kind, metadata=dict(metadata))
        for path in (folder / name for name in names):
            for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                if file.is_file():
                    artifact.add_file(str(file), name=str(file.relative_to(folder)))
        self._run.log_artifact(artifact)

    def finish(self) -> None:
        record = Path(self._run.dir).parent / f"run-{self._run.id}.wandb"
        try:
            self._run.finish()
        except TimeoutError:
            _warn(f"W&B at {host()} has not taken the whole run; {LATER}")
        else:
            if self._online:  # as `wandb sync` marks what it has sent
                record.with_suffix(".wandb.synced").touch()

    def _log(self, values: dict[str, Any]) -> None:
        self._run.log({**values, AXIS: self._env_steps})

    def _chart(self, row: Mapping[str, Any]) -> dict[str, Any]:
        if "validation_speedup" not in row:
            return {}
        import wandb

        self._curves.append(row)
        known = {name: title for name, title in BASELINES.items() if all(name in each for each in self._curves)}
        chart = wandb.plot.line_series(
            xs=[each[AXIS] for each in self._curves],
            ys=[[each[name] for each in self._curves] for name in known],
            keys=list(known.values()),
            title="speed-up on validation instances",
            xname=AXIS,
        )
        return {CHART: chart}


def _open(folder: Path, online: bool, facts: Mapping[str, Any]) -> Any:
    """The run, online if it can be; raises :class:`ConfigError` if the key is wrong."""
    import wandb
    from wandb.errors import AuthenticationError, CommError

    def start(mode: str) -> Any:
        # a service of our own: that of whoever started us would take a killed run for one that still goes
        os.environ.pop("WANDB_SERVICE", None)
        if mode == "offline" and "id" in facts:
            _wait_for_free_second(folder / "wandb", facts["id"])
        return wandb.init(**facts, mode=mode, dir=str(folder), settings={**QUIET, **_patience()})  # type: ignore[arg-type]

    if not online:
        return start("offline")
    try:
        return start("online")
    except (CommError, AuthenticationError, wandb.errors.UsageError) as error:
        text = " ".join(str(error).split())
        if _rejected(error, text):
            raise ConfigError(
                f"W&B at {host()} rejects the key of WANDB_API_KEY or netrc ({text[:120]}); "
                "--set logger.wandb.mode=offline trains without"
            ) from error
        _warn(f"W&B at {host()} cannot be reached ({text[:120]}): the run is kept here; {LATER}")
        wandb.teardown()
        return start("offline")


def _patience() -> dict[str, Any]:
    known = {name: seconds for name, seconds in PATIENCE.items() if f"WANDB_{name.upper()}" not in os.environ}
    return {**known, "finish_timeout_raises": True}


def _rejected(error: Exception, text: str) -> bool:
    from wandb.errors import AuthenticationError

    return isinstance(error, AuthenticationError) or any(sign in text.lower() for sign in ("401", "403", "api key"))


def _warn(text: str) -> None:
    print(f"warning: {text}", file=sys.stderr, flush=True)


def _wait_for_free_second(folder: Path, run_id: str) -> None:
    """Two offline runs of one id started within a second would share a folder and overwrite each other."""
    while list(folder.glob(f"offline-run-{datetime.now():%Y%m%d_%H%M%S}-{run_id}")):
        time.sleep(0.05)
