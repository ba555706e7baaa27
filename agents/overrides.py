"""An experiment with some of its keys replaced: by ``--set`` of the command line, or by the draws of a sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from gymcc.agents.config import ConfigError, Experiment, parse


def overridden(experiment: Experiment, pairs: Sequence[str]) -> Experiment:
    """The experiment with ``section.key=value`` pairs set; raises ConfigError as a file would."""
    body = with_pairs(experiment.model_dump(mode="json"), pairs)
    return parse(body, "--set") if pairs else experiment


def with_pairs(body: dict[str, Any], pairs: Sequence[str]) -> dict[str, Any]:
    """``body`` with ``section.key=value`` pairs set, each value YAML; raises :class:`ConfigError`."""
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise ConfigError(f"--set {pair}: expected section.key=value")
        try:
            _put(body, key, yaml.safe_load(value), f"--set {pair}")
        except yaml.YAMLError as error:
            raise ConfigError(f"--set {pair}: not YAML: {' '.join(str(error).split())}") from error
    return body


def replaced(experiment: Experiment, values: Mapping[str, Any], where: str) -> Experiment:
    """The experiment with ``section.key`` set to values; raises :class:`ConfigError` that names ``where``."""
    body = experiment.model_dump(mode="json")
    for key, value in values.items():
        _put(body, key, value, where)
    return parse(body, where)


def _put(body: dict[str, Any], key: str, value: Any, where: str) -> None:
    *sections, last = key.split(".")
    place = body
    for section in sections:
        place = place.setdefault(section, {})
        if not isinstance(place, dict):
            raise ConfigError(f"{where}: {section!r} is no section")
    place[last] = value
