"""Which Weights & Biases service, which run of it, and whether there is a key. No key is ever written by us."""

from __future__ import annotations

import netrc
import os
from urllib.parse import urlsplit

from gymcc.agents.config import ConfigError, Wandb


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
    return "online" if has_key() else "offline"


def host() -> str:
    """The service's host."""
    return urlsplit(os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai")).hostname or ""


def has_key() -> bool:
    """Whether the environment or netrc holds a key for the service."""
    if os.environ.get("WANDB_API_KEY"):
        return True
    try:
        return netrc.netrc(os.environ.get("NETRC")).authenticators(host()) is not None
    except (OSError, netrc.NetrcParseError):
        return False
