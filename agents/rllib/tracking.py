"""Weights & Biases: offline unless a key or ``WANDB_MODE`` says otherwise; no key is ever written."""

from __future__ import annotations

import netrc
import os
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gymcc.agents.config import ConfigError, Wandb

QUIET = {"console": "off", "x_disable_stats": True, "disable_git": True, "silent": True}


def parse_run(text: str) -> dict[str, str]:
    """``entity/project/id`` or the run's URL as keyword arguments of ``wandb.init``; raises :class:`ConfigError`."""
    path = text.split("://")[-1].split("?")[0].strip("/")
    parts = [part for part in path.split("/") if part and part != "runs"]
    if "://" in text:
        parts = parts[1:]
    if len(parts) != 3:
        raise ConfigError(f"W&B run {text!r}: expected entity/project/id or the run's URL")
    return dict(zip(("entity", "project", "id"), parts, strict=True))


def choose_mode(config: Wandb) -> str:
    """``online``, ``offline`` or ``disabled``."""
    if config.mode != "auto":
        return config.mode
    if mode := os.environ.get("WANDB_MODE"):
        return mode
    return "online" if _has_key() else "offline"


def _has_key() -> bool:
    if os.environ.get("WANDB_API_KEY"):
        return True
    host = urlsplit(os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai")).hostname or ""
    try:
        return netrc.netrc(os.environ.get("NETRC")).authenticators(host) is not None
    except (OSError, netrc.NetrcParseError):
        return False


class Tracker:
    """One W&B run. Its axis is ``env_steps``, since steps of resumed offline runs start at 0 again."""

    def __init__(self, config: Wandb, folder: Path, facts: dict[str, Any], run: dict[str, str]) -> None:
        self._run: Any = None
        self.mode = choose_mode(config)
        if self.mode == "disabled":
            return
        import wandb

        if self.mode == "offline" and "id" in run:
            _wait_for_free_second(folder / "wandb", run["id"])
        where = {"entity": config.entity, "project": config.project, **run}
        self._run = wandb.init(
            **where,
            mode=self.mode,  # type: ignore[arg-type]
            dir=str(folder),
            config=facts,
            resume="allow" if "id" in run else None,
            settings=wandb.Settings(**QUIET),  # type: ignore[arg-type]
        )
        self._run.define_metric("env_steps")
        self._run.define_metric("*", step_metric="env_steps")

    @property
    def identity(self) -> dict[str, str]:
        """Keyword arguments that resume this run; empty if disabled."""
        if self._run is None:
            return {}
        names = ("entity", "project", "id")
        return {name: value for name in names if (value := getattr(self._run, name))}

    def log(self, row: dict[str, Any]) -> None:
        """A row of metrics."""
        if self._run is not None:
            self._run.log(row)

    def table(self, name: str, columns: list[str], rows: list[list[Any]]) -> None:
        """A table, e.g. of the evaluation."""
        if self._run is not None:
            import wandb

            self._run.log({name: wandb.Table(columns=columns, data=rows)})

    def artifact(self, name: str, folder: Path, files: list[str]) -> None:
        """Keep files of a folder as the run's artifact of that name."""
        if self._run is None:
            return
        import wandb

        artifact = wandb.Artifact(f"{name}-{self._run.id}", type="model")
        for file in files:
            path = folder / file
            (artifact.add_dir if path.is_dir() else artifact.add_file)(str(path), name=file)
        self._run.log_artifact(artifact)

    def finish(self) -> None:
        """Close the run."""
        if self._run is not None:
            self._run.finish()


def _wait_for_free_second(folder: Path, run_id: str) -> None:
    """Two offline runs of one id started within a second would share a folder and overwrite each other."""
    while list(folder.glob(f"offline-run-{datetime.now():%Y%m%d_%H%M%S}-{run_id}")):
        time.sleep(0.05)
