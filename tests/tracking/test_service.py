"""Which W&B run is meant, and where it goes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

pytest.importorskip("ray")

from gymcc.agents.config import ConfigError, Wandb
from gymcc.agents.tracking.service import choose_mode, parse_run
from gymcc.agents.tracking.wandb_run import _wait_for_free_second

WANTED = {"entity": "e", "project": "p", "id": "i"}


@pytest.mark.parametrize(
    "text",
    [
        "e/p/i",
        "e/p/runs/i",
        "https://wandb.ai/e/p/runs/i",
        "https://wandb.ai/e/p/runs/i?nw=x",
        "http://h:80/e/p/runs/i/",
    ],
)
def test_runs_are_named_in_several_ways(text: str) -> None:
    assert parse_run(text) == WANTED


@pytest.mark.parametrize("text", ["", "i", "p/i", "a/b/c/d", "https://wandb.ai/e/p"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="entity/project/id"):
        parse_run(text)


def test_mode_follows_config_then_variable_then_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("WANDB_MODE", "WANDB_API_KEY", "WANDB_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert choose_mode(Wandb()) == "offline"
    (tmp_path / "netrc").write_text("machine api.wandb.ai login user password secret\n")
    assert choose_mode(Wandb()) == "online"
    monkeypatch.setenv("WANDB_BASE_URL", "https://elsewhere.org")
    assert choose_mode(Wandb()) == "offline"
    monkeypatch.setenv("WANDB_API_KEY", "x")
    assert choose_mode(Wandb()) == "online"
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert choose_mode(Wandb()) == "offline"
    assert choose_mode(Wandb(mode="disabled")) == "disabled"


def test_a_second_offline_run_waits_for_a_name_of_its_own(tmp_path: Path) -> None:
    taken = tmp_path / f"offline-run-{datetime.now():%Y%m%d_%H%M%S}-abc"
    taken.mkdir()
    _wait_for_free_second(tmp_path, "abc")
    assert f"{datetime.now():%Y%m%d_%H%M%S}" not in taken.name
