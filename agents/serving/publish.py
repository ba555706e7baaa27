"""Trained policies put on a server under ``NAME:VERSION``, with their side-car, and NAME moved to them in one step."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

import numpy as np

from gymcc.agents.policy import Policy, find
from gymcc.agents.serving.client.client import Client
from gymcc.agents.serving.client.decide import served_policy
from gymcc.agents.serving.client.errors import UnknownKey
from gymcc.agents.serving.nitta_ml import value_model
from gymcc.agents.serving.nitta_ml.value_model import ValueModel

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
ROWS = 8  # observations on which the server has to decide as the file does
TOLERANCE = 1e-4  # of scores, relative and absolute: a server may compute on another processor


class PublishError(ValueError):
    """A policy that cannot be published; the message says why."""


def publish(client: Client, run: str, name: str, alias: bool = True, device: str = "CPU", batch: int = 0) -> str:
    """Publish the policy of a run folder, file or shipped name as ``NAME`` or ``NAME:VERSION``; its key.

    Without a version it is the next number. A version never changes: publishing the same policy again is no error,
    another one is. ``alias``: NAME stands for it from now on, once the server was seen to decide as the file does.
    ``batch``: requests of so many states may be computed at once. A folder with NITTA's value network is published as
    :func:`publish_values` does. Raises :class:`PublishError`.
    """
    if (Path(run) / value_model.CARD).is_file():
        if not alias or device != "CPU" or batch:
            raise PublishError(f"{run}: a value network is published for the CPU, unbatched, and the name moves to it")
        return publish_values(client, Path(run), name)
    title, colon, version = name.partition(":")
    for part in (title, version) if colon else (title,):
        if not NAME.fullmatch(part):
            raise PublishError(
                f"{name!r}: expected NAME or NAME:VERSION of letters, digits and ._- after a first letter"
            )
    path = find(run)
    policy = Policy.load(path)
    key = f"{title}:{version or _next(client, title)}"
    _put(client, key, path.read_bytes(), json.dumps(asdict(policy.card)), (device, batch))
    _compare(policy, client, key)
    if alias:
        client.set_alias(title, key)
    return key


def publish_values(client: Client, folder: Path, name: str) -> str:
    """Publish the value network of a run folder (``value.onnx``, ``value.json``) as the next version of ``name``.

    Raises :class:`PublishError`, and :class:`~.nitta_ml.value_model.ModelError` for a folder without one.
    """
    if not NAME.fullmatch(name):
        raise PublishError(f"{name!r}: expected a NAME of letters, digits and ._- after a first letter")
    ValueModel.load(folder)
    key = f"{name}:{_next(client, name)}"
    _put(client, key, (folder / value_model.NETWORK).read_bytes(), (folder / value_model.CARD).read_text())
    client.set_alias(name, key)
    return key


def _put(client: Client, key: str, network: bytes, card: str, running: tuple[str, int] = ("CPU", 0)) -> None:
    """A model with its side-car; ``running``: device and batch size. Raises :class:`PublishError`."""
    _check_free(client, key, network, card)
    client.set_card(key, card)
    client.set_model(key, network, "ONNX", running[0], batch_size=running[1])


def _next(client: Client, title: str) -> int:
    """One more than the largest number that is published."""
    versions = [model.key.removeprefix(f"{title}:") for model in client.get_models()]
    return 1 + max((int(version) for version in versions if version.isdecimal()), default=0)


def _check_free(client: Client, key: str, network: bytes, card: str) -> None:
    """Raise :class:`PublishError` if something else is published there."""
    try:
        same = client.get_model(key) == network and client.get_card(key) == card
    except UnknownKey:
        return
    if not same:
        raise PublishError(f"{key} is published with another policy, and versions do not change; take the next number")


def _compare(policy: Policy, client: Client, key: str) -> None:
    """Raise :class:`PublishError`, with the model removed, unless the server's scores are those of the file."""
    rng = np.random.default_rng(0)
    observations = rng.standard_normal((ROWS, policy.card.observation_size)).astype(np.float32)
    masks = rng.random((ROWS, len(policy.card.actions))) < 0.5
    masks[:, 0] |= ~masks.any(axis=1)
    here, there = policy.scores(observations, masks), served_policy(client, key).scores(observations, masks)
    if not np.allclose(here, there, TOLERANCE, TOLERANCE):
        client.delete_model(key)
        raise PublishError(f"{key}: the server's scores differ from the file's by up to {abs(here - there).max():.3g}")
