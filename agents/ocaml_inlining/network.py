"""The committee as one network, so that it is exported, served and called back like any other policy."""

from __future__ import annotations

from math import inf
from typing import NamedTuple

import torch
from torch import Tensor, nn

from gymcc.envs.ocaml.actions import Action

MOST = 1e6  # stands for no limit, which ONNX's run times need not compare with


class Columns(NamedTuple):
    """Where in an observation it says whether the compiler would inline, 1 or 0, and what rules measure growth by.

    That is ``growth``, what has been copied by inlining so far in shares of the program, and the sizes of what is
    called (``callee``) and of the program (``whole``), all as the source has them and as log(1 + x).
    """

    unasked: int
    growth: int
    callee: int
    whole: int


class Rule(NamedTuple):
    """When a committee decides: more likely than ``inline`` or ``never``; inlining within so much growth."""

    inline: float = 0.5
    never: float = 0.5
    within: float = inf


class Committee(nn.Module):
    """Experts of one hidden layer; each says how likely it is that a call is to be left, inlined, or never inlined.

    ``forward(observations (B, D) float32, action_mask (B, 3))`` gives scores (B, 3) and values (B,), which are 0. What
    counts is the mean of what the experts say, by a :class:`Rule`; where it says nothing, a call is left to the
    compiler. Where the compiler has no default beside the two (closure mode), that is whichever it would do unasked.
    """

    mean: Tensor
    scale: Tensor
    rule: Tensor

    def __init__(self, inputs: int, experts: int, hidden: int, columns: Columns) -> None:
        super().__init__()
        self.columns = columns
        self.first = nn.Parameter(torch.randn(experts, inputs, hidden) / inputs**0.5)
        self.bias = nn.Parameter(torch.zeros(experts, 1, hidden))
        self.second = nn.Parameter(torch.randn(experts, hidden, len(Action)) / hidden**0.5)
        self.last = nn.Parameter(torch.zeros(experts, 1, len(Action)))
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("scale", torch.ones(inputs))
        self.register_buffer("rule", torch.zeros(3))
        self.follow(Rule())

    def standardise(self, observations: Tensor) -> None:
        """Numbers are seen relative to their mean and deviation here; those that hardly vary are not seen at all."""
        deviation = observations.std(0)
        self.mean.copy_(observations.mean(0))
        self.scale.copy_(torch.where(deviation > 1e-3, 1 / deviation.clamp(min=1e-3), torch.zeros_like(deviation)))

    def follow(self, rule: Rule) -> None:
        """Decide by this rule from now on."""
        self.rule.copy_(torch.tensor([rule.inline, rule.never, min(rule.within, MOST)]))

    def logits(self, observations: Tensor) -> Tensor:
        """What each expert thinks, (experts, B, 3)."""
        seen = (observations - self.mean) * self.scale
        return torch.relu(seen @ self.first + self.bias) @ self.second + self.last

    def forward(self, observations: Tensor, action_mask: Tensor) -> tuple[Tensor, Tensor]:
        likely = torch.softmax(self.logits(observations), -1).mean(0)
        growth, callee, whole = (observations[:, column].exp() - 1 for column in self.columns[1:])
        room = growth + callee / whole.clamp(min=1) <= self.rule[2]
        inline = torch.where(room, likely[:, int(Action.INLINE)], torch.zeros_like(likely[:, 0])) - self.rule[0]
        never = likely[:, int(Action.NEVER)] - self.rule[1]
        unasked = observations[:, self.columns.unasked] > 0.5
        bound = action_mask[:, int(Action.DEFAULT)] < 0.5
        nothing = torch.zeros_like(inline)
        inline = torch.where(bound & unasked, torch.maximum(inline, nothing), inline)
        never = torch.where(bound & ~unasked, torch.maximum(never, nothing), never)
        return torch.stack([nothing, inline, never], -1), nothing
