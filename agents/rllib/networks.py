"""Plain torch networks, free of Ray, so that they can be exported."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

ILLEGAL = -1e9  # score of an illegal action: finite, since -inf turns into nan in an entropy and in some run times


class MaskedMLP(nn.Module):
    """A multi-layer perceptron with one score per action and one value of the state.

    ``forward(observations (B, D) float32, action_mask (B, A))`` gives scores (B, A), unmasked, and values (B,). With
    ``dueling`` the scores are Q values: the value plus advantages that average 0 over the *legal* actions (Wang et
    al. 2016).
    """

    def __init__(self, inputs: int, actions: int, layers: Sequence[int], dueling: bool) -> None:
        super().__init__()
        sizes = [inputs, *layers]
        stack: list[nn.Module] = []
        for before, after in pairwise(sizes):
            stack += [nn.Linear(before, after), nn.ReLU()]
        self.trunk = nn.Sequential(*stack)
        self.scores = nn.Linear(sizes[-1], actions)
        self.value = nn.Linear(sizes[-1], 1)
        self.dueling = dueling

    def forward(self, observations: Tensor, action_mask: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.trunk(observations)
        scores, value = self.scores(hidden), self.value(hidden)
        if self.dueling:
            legal = action_mask > 0.5
            counted = torch.where(legal, scores, torch.zeros_like(scores)).sum(-1, keepdim=True)
            scores = value + scores - counted / legal.sum(-1, keepdim=True).clamp(min=1)
        return scores, value.squeeze(-1)


class Scorer(nn.Module):
    """What is exported: masked, finite scores (B, A); the greedy action is their arg-max."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, observations: Tensor, action_mask: Tensor) -> Tensor:
        scores, _ = self.net(observations, action_mask)
        return torch.where(action_mask > 0.5, scores, torch.full_like(scores, ILLEGAL))
