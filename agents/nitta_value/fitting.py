"""Fitting the network of a guide to lessons, with torch alone, and writing it as ONNX."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from gymcc.agents.nitta_value.guide import CARD, NETWORK, GuideCard
from gymcc.agents.nitta_value.lessons import Lessons
from gymcc.agents.nitta_value.network import perceptron
from gymcc.agents.nitta_value.settings import Fitting


class GuideNet(nn.Module):
    """``(options, columns)`` to growth ``(options,)`` and the logit of hopelessness ``(options,)``."""

    def __init__(self, columns: int, layers: tuple[int, ...]) -> None:
        super().__init__()
        self.trunk = perceptron([columns, *layers])
        self.heads = nn.Linear(layers[-1], 2)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        growth, hopeless = self.heads(self.trunk(features)).unbind(-1)
        return growth, hopeless


class _Together(nn.Module):
    """Networks as the guide runs them: outputs ``(options, members)``, the second one a probability."""

    def __init__(self, nets: Sequence[GuideNet]) -> None:
        super().__init__()
        self.nets = nn.ModuleList(nets)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        growth, hopeless = zip(*(net(features) for net in self.nets), strict=True)
        return torch.stack(growth, -1), torch.sigmoid(torch.stack(hopeless, -1))


def fit(lessons: Lessons, settings: Fitting, seed: int) -> tuple[GuideNet, dict[str, float]]:
    """A network fitted to lessons, and its losses over the last tenth of the fit."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    net = GuideNet(lessons.features.shape[1], settings.layers)
    steps = max(1, round(settings.epochs * len(lessons.growth) / settings.batch_size))
    optimizer = torch.optim.AdamW(net.parameters(), lr=settings.lr, weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.lr, total_steps=steps + 1)
    features, growth = torch.from_numpy(lessons.features), torch.from_numpy(lessons.growth)
    hopeless = torch.from_numpy(lessons.hopeless).float()
    losses: list[tuple[float, float]] = []
    for _ in range(steps):
        rows = torch.randint(len(growth), (settings.batch_size,))
        parts = loss(net(features[rows].float()), (growth[rows], hopeless[rows]), settings)
        total: Any = parts[0] + settings.hopeless_weight * parts[1]
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        schedule.step()
        losses.append((parts[0].item(), parts[1].item()))
    last = np.mean(losses[-max(1, steps // 10) :], axis=0)
    return net.eval(), {"growth_loss": float(last[0]), "hopeless_loss": float(last[1])}


def loss(outputs: tuple[Tensor, Tensor], labels: tuple[Tensor, Tensor], settings: Fitting) -> tuple[Tensor, Tensor]:
    """Of growth, where a schedule was found, an expectile of Huber's loss; of hopelessness the cross-entropy."""
    (growth, logits), (found, hopeless) = outputs, labels
    weights = torch.where(found > growth, settings.expectile, 1 - settings.expectile) * 2 * (1 - hopeless)
    each = functional.smooth_l1_loss(growth, found, beta=settings.huber, reduction="none")
    return (weights * each).mean(), functional.binary_cross_entropy_with_logits(logits, hopeless)


def export(nets: Sequence[GuideNet], card: GuideCard, folder: Path) -> None:
    """Write ``guide.onnx`` and ``guide.json`` into ``folder``, each replaced in one step."""
    folder.mkdir(parents=True, exist_ok=True)
    outputs = ["growth", "hopeless"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Together(nets).eval(),
            (torch.zeros(2, len(card.columns)),),
            str(folder / f".{NETWORK}"),
            input_names=["features"],
            output_names=outputs,
            dynamic_axes={name: {0: "options"} for name in ["features", *outputs]},
            opset_version=17,
            dynamo=False,
        )
    card.write(folder / f".{CARD}")
    os.replace(folder / f".{NETWORK}", folder / NETWORK)
    os.replace(folder / f".{CARD}", folder / CARD)
