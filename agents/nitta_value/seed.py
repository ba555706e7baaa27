"""NITTA's own value network: learned from the labelled tables of a crawl, and served to a real NITTA."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import gymcc
from gymcc.agents.config import ConfigError
from gymcc.agents.nitta_value.network import CARD, Examples, export, fit, mean_absolute_error
from gymcc.agents.nitta_value.settings import ValueSettings, dump
from gymcc.envs.nitta.features import COLUMNS

Progress = Callable[[dict[str, Any]], None]


def learn_values(settings: ValueSettings, crawl: Path, run: Path, progress: Progress = lambda row: None) -> Path:
    """Fit a network to the tables in ``crawl`` and write it into ``run``; returns that.

    Raises :class:`ConfigError` where there is nothing to learn from, or ``run`` holds a network already.
    """
    if (run / CARD).exists():
        raise ConfigError(f"{run}: holds a value network already; choose another folder")
    train, validation = examples(settings, crawl)
    run.mkdir(parents=True, exist_ok=True)
    (run / "config.yaml").write_text(dump(settings))

    def log(row: dict[str, Any]) -> None:
        with (run / "metrics.jsonl").open("a") as file:
            file.write(json.dumps(row) + "\n")
        progress(row)

    net = fit(train, validation, settings, log)
    errors = {
        "train_mae": mean_absolute_error(net, _sample(train, settings.validation_rows, settings.seed)),
        "validation_mae": mean_absolute_error(net, validation),
    }
    facts = {"rows": len(train.labels), "validation_rows": len(validation.labels), "gymcc": gymcc.__version__}
    export(net, COLUMNS, run, {**errors, **facts, "settings": settings.model_dump(mode="json")})
    progress(errors)
    return run


def examples(settings: ValueSettings, crawl: Path) -> tuple[Examples, Examples]:
    """Training and validation data of a crawl; raises :class:`ConfigError`."""
    paths = {path.stem: path for path in sorted(crawl.glob("*.parquet"))}
    if not paths:
        raise ConfigError(f"{crawl}: no tables here; `gymcc nitta crawl` makes them")
    if unknown := set(settings.validation) - set(paths):
        raise ConfigError(f"validation: no tables of {', '.join(sorted(unknown))} in {crawl}")
    return divided({name: _read(path) for name, path in paths.items()}, settings)


def divided(parts: Mapping[str, Examples], settings: ValueSettings) -> tuple[Examples, Examples]:
    """Training and validation data of examples by program; raises :class:`ConfigError` where none are left to learn."""
    held = [part for name, part in parts.items() if name in settings.validation]
    rest = [part for name, part in parts.items() if name not in settings.validation]
    if not rest:
        raise ConfigError("validation: every program is held back, none is left to learn from")
    if held:
        return _joined(rest), _sample(_joined(held), settings.validation_rows, settings.seed)
    return _divided(_joined(rest), settings)


def _read(path: Path) -> Examples:
    import pyarrow.parquet as parquet

    table = parquet.read_table(path, columns=["label", *COLUMNS])
    features = np.stack([table[name].to_numpy() for name in COLUMNS], axis=1).astype(np.float32)
    return Examples(features, table["label"].to_numpy().astype(np.float32))


def _joined(parts: list[Examples]) -> Examples:
    return Examples(np.concatenate([part.features for part in parts]), np.concatenate([part.labels for part in parts]))


def _divided(whole: Examples, settings: ValueSettings) -> tuple[Examples, Examples]:
    order = np.random.default_rng(settings.seed).permutation(len(whole.labels))
    count = min(settings.validation_rows, max(1, round(settings.validation_share * len(order))))
    return _chosen(whole, order[count:]), _chosen(whole, order[:count])


def _sample(whole: Examples, most: int, seed: int) -> Examples:
    return _chosen(whole, np.random.default_rng(seed).permutation(len(whole.labels))[:most])


def _chosen(whole: Examples, rows: NDArray[np.int64]) -> Examples:
    return Examples(whole.features[rows], whole.labels[rows])
