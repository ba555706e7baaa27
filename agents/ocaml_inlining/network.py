"""The committee as one network, so that it is exported, served and called back like any other policy."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gymcc.envs.ocaml.actions import Action

Quorum = tuple[float, float]  # for inlining, for never inlining


class Committee(nn.Module):
    """Experts of one hidden layer; each says how likely it is that a call is to be left, inlined, or never inlined.

    ``forward(observations (B, D) float32, action_mask (B, 3))`` gives scores (B, 3) and values (B,), which are 0. A
    call is inlined if the mean of what experts say of it is more than ``quorum[0]`` for it, and never inlined if more
    than ``quorum[1]`` is for that; else it is left to the compiler. Where the compiler has no default beside the two
    (closure mode), leaving it to the compiler is whichever of them it would do unasked, which column ``unasked`` of the
    observation says: 1 for inlining.
    """

    mean: Tensor
    scale: Tensor
    quorum: Tensor

    def __init__(self, inputs: int, experts: int, hidden: int, unasked: int) -> None:
        super().__init__()
        self.unasked = unasked
        self.first = nn.Parameter(torch.randn(experts, inputs, hidden) / inputs**0.5)
        self.bias = nn.Parameter(torch.zeros(experts, 1, hidden))
        self.second = nn.Parameter(torch.randn(experts, hidden, len(Action)) / hidden**0.5)
        self.last = nn.Parameter(torch.zeros(experts, 1, len(Action)))
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("scale", torch.ones(inputs))
        self.register_buffer("quorum", torch.tensor([0.5, 0.5]))

    def standardise(self, observations: Tensor) -> None:
        """Numbers are seen relative to their mean and deviation here; those that hardly vary are not seen at all."""
        deviation = observations.std(0)
        self.mean.copy_(observations.mean(0))
        self.scale.copy_(torch.where(deviation > 1e-3, 1 / deviation.clamp(min=1e-3), torch.zeros_like(deviation)))

    def require(self, quorum: Quorum) -> None:
        """Decide from now on only where so sure."""
        self.quorum.copy_(torch.tensor(quorum))

    def logits(self, observations: Tensor) -> Tensor:
        """What each expert thinks, (experts, B, 3)."""
        seen = (observations - self.mean) * self.scale
        return torch.relu(seen @ self.first + self.bias) @ self.second + self.last

    def forward(self, observations: Tensor, action_mask: Tensor) -> tuple[Tensor, Tensor]:
        likely = torch.softmax(self.logits(observations), -1).mean(0)
        inline = likely[:, int(Action.INLINE)] - self.quorum[0]
        never = likely[:, int(Action.NEVER)] - self.quorum[1]
        unasked = observations[:, self.unasked] > 0.5
        bound = action_mask[:, int(Action.DEFAULT)] < 0.5
        nothing = torch.zeros_like(inline)
        inline = torch.where(bound & unasked, torch.maximum(inline, nothing), inline)
        never = torch.where(bound & ~unasked, torch.maximum(never, nothing), never)
        return torch.stack([nothing, inline, never], -1), nothing
