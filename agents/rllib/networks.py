"""Plain torch networks, free of Ray, so that they can be exported."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

ILLEGAL = -1e9  # score of an illegal action: finite, since -inf turns into nan in an entropy and in some run times


class MaskedNet(nn.Module):
    """One score per action and one value of the state, from whatever an encoder makes of the observation.

    ``forward(observations (B, D) float32, action_mask (B, A))`` gives scores (B, A), unmasked, and values (B,). With
    ``dueling`` the scores are Q values: the value plus advantages that average 0 over the *legal* actions (Wang et
    al. 2016).
    """

    dueling: bool

    def encode(self, observations: Tensor) -> tuple[Tensor, Tensor]:
        """Raw scores (B, A) and values (B, 1)."""
        raise NotImplementedError

    def forward(self, observations: Tensor, action_mask: Tensor) -> tuple[Tensor, Tensor]:
        scores, value = self.encode(observations)
        if self.dueling:
            legal = action_mask > 0.5
            counted = torch.where(legal, scores, torch.zeros_like(scores)).sum(-1, keepdim=True)
            scores = value + scores - counted / legal.sum(-1, keepdim=True).clamp(min=1)
        return scores, value.squeeze(-1)


class VectorNet(MaskedNet):
    """A multi-layer perceptron on a flat observation."""

    def __init__(self, inputs: int, actions: int, layers: Sequence[int], dueling: bool) -> None:
        super().__init__()
        self.trunk = perceptron([inputs, *layers])
        self.scores = nn.Linear(layers[-1], actions)
        self.value = nn.Linear(layers[-1], 1)
        self.dueling = dueling

    def encode(self, observations: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.trunk(observations)
        return self.scores(hidden), self.value(hidden)


class OptionsNet(MaskedNet):
    """For actions that are a list of options: one shared scorer, whatever their number and order.

    The observation is a row per action and a last row for all that concerns the whole, flattened; column 0 is 1 in rows
    that there is an option for. Each option is scored from its own row, the last row, and mean and maximum of all
    options' encodings.
    """

    beyond = 1  # rows that are no action

    def __init__(self, inputs: int, actions: int, layers: Sequence[int], dueling: bool) -> None:
        super().__init__()
        self.rows = actions + self.beyond
        self.features = inputs // self.rows
        width = layers[-1]
        self.row = perceptron([self.features, *layers])
        self.whole = perceptron([self.features + 2 * width, *layers])
        self.alone, self.among = nn.Linear(width, width), nn.Linear(width, width)
        self.score = nn.Linear(width, 1)
        self.value = nn.Linear(width, 1)
        self.dueling = dueling

    def encode(self, observations: Tensor) -> tuple[Tensor, Tensor]:
        rows = observations.reshape(-1, self.rows, self.features)
        options, whole = rows[:, :-1], rows[:, -1]
        present = options[..., 0] > 0.5
        at = torch.nonzero(present)  # most rows are padding: layers are applied to the others only
        each = self.row(options[present])
        padded = self._padded(each, at, present)
        mean = padded.sum(1) / present.sum(1, keepdim=True).clamp(min=1)
        whole = self.whole(torch.cat([whole, mean, padded.amax(1)], -1))
        scores = self.score(torch.relu(self.alone(each) + self.among(whole).index_select(0, at[:, 0])))
        return self.completed(self._padded(scores, at, present).squeeze(-1), whole), self.value(whole)

    @staticmethod
    def _padded(each: Tensor, at: Tensor, present: Tensor) -> Tensor:
        """Rows (M, W) at their places (M, 2) of (B, R, W), zeros elsewhere."""
        empty = torch.zeros(*present.shape, each.shape[1], dtype=each.dtype)
        return empty.index_put((at[:, 0], at[:, 1]), each)

    def completed(self, scores: Tensor, whole: Tensor) -> Tensor:
        """Scores of all actions, from those of the options."""
        return scores


class SetNet(OptionsNet):
    """For actions that are a set of candidates and stop: the last row is for stopping too."""

    beyond = 0

    def __init__(self, inputs: int, actions: int, layers: Sequence[int], dueling: bool) -> None:
        super().__init__(inputs, actions, layers, dueling)
        self.stop = nn.Linear(layers[-1], 1)

    def completed(self, scores: Tensor, whole: Tensor) -> Tensor:
        return torch.cat([scores, self.stop(whole)], -1)


ENCODERS: dict[str, type[VectorNet] | type[OptionsNet]] = {"vector": VectorNet, "set": SetNet, "options": OptionsNet}


def perceptron(sizes: Sequence[int]) -> nn.Sequential:
    """Linear layers with rectifiers between and after them."""
    stack: list[nn.Module] = []
    for before, after in pairwise(sizes):
        stack += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*stack)


class Scorer(nn.Module):
    """What is exported: masked, finite scores (B, A); the greedy action is their arg-max."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, observations: Tensor, action_mask: Tensor) -> Tensor:
        scores, _ = self.net(observations, action_mask)
        return torch.where(action_mask > 0.5, scores, torch.full_like(scores, ILLEGAL))
