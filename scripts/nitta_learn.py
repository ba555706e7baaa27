"""`gymcc nitta learn`: train the guide of the synthesis, or NITTA's own value network from a crawl."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from gymcc.scripts.output import Json

Config = Annotated[Path, typer.Argument(help="A YAML such as configs/nitta-guide.yaml or configs/nitta-value.yaml.")]
Out = Annotated[Path, typer.Option(help="Run folder; one that was begun with this config is gone on with.")]
Crawl = Annotated[Path | None, typer.Option(help="Folder that `gymcc nitta crawl` filled; for a value network.")]


def command(config: Config, out: Out, crawl: Crawl = None, as_json: Json = False) -> None:
    """Train; may be killed and called again. Prints a row per program and per round or part of the fit."""
    from gymcc.agents.nitta_value.settings import GuideSettings, load

    settings = load(config)
    tell = _tell_json if as_json else _tell
    if isinstance(settings, GuideSettings):
        from gymcc.agents.nitta_value.learning import learn

        learn(settings, out, tell)
    else:
        from gymcc.agents.nitta_value.seed import learn_values

        if settings.data is not None:
            raise ValueError(f"{config} learns from what workers upload: `gymcc train {config}`")
        if crawl is None:
            raise ValueError(f"{config} is of a value network: give --crawl FOLDER, filled by `gymcc nitta crawl`")
        learn_values(settings, crawl, out, tell)
    if not as_json:
        print(f"run:     {out}")


def _tell(row: dict[str, Any]) -> None:
    parts = (f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in row.items())
    print(", ".join(parts), flush=True)


def _tell_json(row: dict[str, Any]) -> None:
    print(json.dumps(row), flush=True)
