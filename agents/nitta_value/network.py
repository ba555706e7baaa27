"""Networks that estimate what an option is worth, their training, and their export."""

from __future__ import annotations

import json
import os
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from gymcc.agents.nitta_value.settings import ValueSettings

Floats = NDArray[np.float32]
Progress = Callable[[dict[str, Any]], None]
NETWORK, CARD, SCHEMA = "value.onnx", "value.json", 1
ROWS = 20  # of metrics


class ValueNet(nn.Module):
    """A multi-layer perceptron, ``(options, columns)`` to ``(options,)``; ``dropout`` after each hidden layer."""

    def __init__(self, columns: int, layers: Sequence[int], dropout: Sequence[float] = ()) -> None:
        super().__init__()
        self.layers = perceptron([columns, *layers], dropout).append(nn.Linear(layers[-1], 1))

    def forward(self, features: Tensor) -> Tensor:
        values: Tensor = self.layers(features).squeeze(-1)
        return values


def perceptron(sizes: Sequence[int], dropout: Sequence[float] = ()) -> nn.Sequential:
    """Linear layers, a ReLU after each, and dropout after the first ones."""
    parts: list[nn.Module] = []
    for at, (inputs, outputs) in enumerate(pairwise(sizes)):
        parts += [nn.Linear(inputs, outputs), nn.ReLU()]
        if at < len(dropout) and dropout[at] > 0:
            parts.append(nn.Dropout(dropout[at]))
    return nn.Sequential(*parts)


@dataclass(frozen=True, slots=True)
class Examples:
    """Features ``(N, columns)``, float16 or float32, and labels ``(N,)`` float32."""

    features: NDArray[Any]
    labels: Floats


def fit(
    train: Examples, validation: Examples, settings: ValueSettings, progress: Progress = lambda row: None
) -> ValueNet:
    """A network fitted to ``train``; rows of metrics hold loss and the mean absolute errors so far."""
    torch.manual_seed(settings.seed)
    torch.set_num_threads(1)
    net = ValueNet(train.features.shape[1], settings.layers, settings.dropout)
    optimizer = torch.optim.Adam(net.parameters(), lr=settings.lr)
    schedule = (
        torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.lr, total_steps=settings.steps + 1)
        if settings.one_cycle
        else None
    )
    start, losses = time.monotonic(), []
    every = max(1, settings.steps // ROWS)
    for step, (features, labels) in enumerate(_batches(train, settings), 1):
        loss: Any = functional.mse_loss(net(features), labels) + _penalty(net, settings.l2)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if schedule:
            schedule.step()
        losses.append(loss.item())
        if step % every == 0:
            row = {"step": step, "loss": float(np.mean(losses)), "seconds": time.monotonic() - start}
            progress(row | {"validation_mae": mean_absolute_error(net, validation)})
            losses = []
    return net.eval()


def _batches(examples: Examples, settings: ValueSettings) -> Iterator[tuple[Tensor, Tensor]]:
    features, labels = torch.from_numpy(examples.features), torch.from_numpy(examples.labels)
    for _ in range(settings.steps):
        rows = torch.randint(len(labels), (settings.batch_size,))
        yield features[rows].float(), labels[rows]


def _penalty(net: ValueNet, l2: float) -> Tensor:
    linear = [layer for layer in net.layers if isinstance(layer, nn.Linear)]
    return l2 * sum((layer.weight.square().sum() for layer in linear[:-2]), torch.zeros(()))


def values(net: ValueNet, features: NDArray[Any]) -> Floats:
    """The network's values of many options."""
    net.eval()
    with torch.no_grad():
        parts = [
            net(torch.from_numpy(features[at : at + 65536]).float()).numpy() for at in range(0, len(features), 65536)
        ]
    net.train()
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def mean_absolute_error(net: ValueNet, examples: Examples) -> float:
    """Of the network's values against the labels."""
    return float(np.abs(values(net, examples.features) - examples.labels).mean())


def export(net: ValueNet, columns: Sequence[str], folder: Path, card: dict[str, Any]) -> None:
    """Write ``value.onnx`` and its side-car ``value.json`` into ``folder``, each replaced in one step.

    The side-car holds ``card``, the columns and the schema.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net.eval(),
            (torch.zeros(2, len(columns)),),
            str(folder / f".{NETWORK}"),
            input_names=["features"],
            output_names=["values"],
            dynamic_axes={"features": {0: "options"}, "values": {0: "options"}},
            opset_version=17,
            dynamo=False,
        )
    (folder / f".{CARD}").write_text(json.dumps({"schema": SCHEMA, "columns": list(columns), **card}, indent=2) + "\n")
    os.replace(folder / f".{NETWORK}", folder / NETWORK)
    os.replace(folder / f".{CARD}", folder / CARD)
