"""What the stub's JIT makes of a method under options: the embedded JIT's code, and the tail that tells who decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import numpy as np

from gymcc.envs.jitcse.analysis import Analysis
from gymcc.envs.jitcse.backends.embedded import Embedded
from gymcc.envs.jitcse.backends.superpmi.stub import printing
from gymcc.envs.jitcse.backends.superpmi.stub.files import Collection, Jit
from gymcc.envs.jitcse.backends.superpmi.stub.linear import draw, learn, weights_of
from gymcc.envs.jitcse.backends.superpmi.stub.options import Options
from gymcc.envs.jitcse.frontend import analyse
from gymcc.envs.jitcse.generator import generate
from gymcc.envs.jitcse.policies import X64, linear_order, mlcse_features, stock_order
from gymcc.envs.jitcse.policies.features import features2026, hook_features, method_features
from gymcc.envs.jitcse.policies.linear import SHIPPED_WEIGHTS

CACHED = 100  # methods that superpmi keeps loaded
TIERS = ("Tier1", "Tier1-OSR", "Instrumented Tier1", "FullOpts")
ALPHA = 0.001  # of JitRLCSEAlpha
MASKED_ATTEMPTS = 32


@dataclass(frozen=True, slots=True)
class Loaded:
    """A method of the collection, analysed."""

    name: str
    method_hash: int
    tier: str
    analysis: Analysis
    prepared: Any


@dataclass(frozen=True, slots=True)
class Decision:
    """Candidates performed, in order, and what the report says of it."""

    order: Sequence[int]
    tail: str
    lines: list[str] = field(default_factory=list)  # printed before the report


@dataclass(frozen=True, slots=True)
class Answer:
    """What is printed for one compilation."""

    report: str  # empty unless JitMetrics is set
    lines: list[str]  # before it


class Compiler:
    """Compiles the methods of a collection as one JIT would."""

    def __init__(self, jit: Jit, collection: Collection) -> None:
        self.jit, self.collection = jit, collection
        self._backend = Embedded("x64")
        self._load = lru_cache(CACHED)(self._loaded)

    def compile(self, index: int, options: Options) -> Answer:
        """Compile method ``index``, from 1 to the number of methods."""
        method = self._load(index)
        decision = self._decide(index, method, options)
        score = self._backend.score(method.prepared, frozenset(decision.order))
        lines = list(decision.lines)
        if options.text("JitDisasm") or options.text("JitDump"):
            lines += self._backend.listing(method.prepared, frozenset(decision.order)).splitlines()
        if not self.jit.metrics or not options.integer("JitMetrics"):
            return Answer("", lines)
        facts = printing.Facts(
            index=index,
            name=method.name,
            method_hash=method.method_hash,
            tier=method.tier,
            code_size=score.code_size,
            prolog_size=0,  # the embedded JIT does not count it apart
            perf_score=score.perf_score,
            instructions=score.instructions,
            num_cse=len(decision.order),
            num_cand=len(method.analysis.candidates),
        )
        return Answer(printing.report(facts, decision.tail if method.analysis.candidates else ""), lines)

    def _loaded(self, index: int) -> Loaded:
        method = generate(self.collection.seed + index - 1)
        analysis = analyse(method)
        name = f"Gymcc.Generated`1[System.Int32]:M{index}(System.Object, int[]):{method.result.name.lower()}:this"
        digest = int.from_bytes(blake2b(name.encode(), digest_size=4).digest(), "big")
        return Loaded(name, digest, TIERS[index % len(TIERS)], analysis, self._backend.prepare(analysis))

    def _decide(self, index: int, method: Loaded, options: Options) -> Decision:
        """The heuristic that the options ask for; the first of them that the JIT looks at wins."""
        if self.jit.hook and options.integer("JitRLHook"):
            return self._hook(method.analysis, options)
        if options.floats("JitRLCSE") is not None:
            return _learned(index, method, options)
        if salt := options.integer("JitRandomCSE"):
            return _random(method, salt)
        if (replayed := options.integers("JitReplayCSE")) is not None:
            order = _viable(method.analysis, [number - 1 for number in replayed])
            return Decision(order, printing.heuristic("Replay CSE Heuristic", order))
        if options.integer("JitRLCSEGreedy"):
            order = list(linear_order(method.analysis))
            return Decision(order, printing.heuristic("Parameterized CSE Heuristic", order))
        order = _masked(method, options, stock_order(method.analysis))
        return Decision(order, printing.heuristic("Standard CSE Heuristic", order))

    def _hook(self, analysis: Analysis, options: Options) -> Decision:
        sent = options.integers("JitRLHookCSEDecisions") or ()
        order = _viable(analysis, sent)
        rows = features2026(analysis) if self.jit.extended else hook_features(analysis)
        method = method_features(analysis, X64, frozenset(order)) if self.jit.extended else {}
        names = options.integer("JitRLHookEmitFeatureNames") != 0
        return Decision(order, printing.hook(rows, method, sent, names))


def _viable(analysis: Analysis, wanted: Sequence[int]) -> list[int]:
    """Of the candidates ``wanted``, those that there are and that may be performed, each once."""
    known = range(len(analysis.candidates))
    return [number for number in dict.fromkeys(wanted) if number in known and analysis.candidates[number].viable]


def _masked(method: Loaded, options: Options, order: Sequence[int]) -> list[int]:
    """Only attempts with a bit in JitCSEMask, where JitCSEHash means this method or all."""
    wanted = options.integer("JitCSEHash", default=-1)
    if wanted == -1 or (wanted != 0 and wanted & 0xFFFFFFFF != method.method_hash):
        return list(order)
    mask = options.integer("JitCSEMask") & 0xFFFFFFFF
    return [number for attempt, number in enumerate(order[:MASKED_ATTEMPTS]) if mask >> attempt & 1]


def _random(method: Loaded, salt: int) -> Decision:
    """Random candidates in a random order, the same for the same salt."""
    rng = np.random.default_rng([method.method_hash, salt & 0xFFFFFFFF])
    numbers = rng.permutation(len(method.analysis.candidates))
    order = _viable(method.analysis, [int(number) for number in numbers[: rng.integers(len(numbers) + 1)]])
    return Decision(order, printing.heuristic("Random CSE Heuristic", order))


def _learned(index: int, method: Loaded, options: Options) -> Decision:
    """The linear policy: greedy, taking a step along a replayed sequence, or drawing."""
    weights = weights_of(options.floats("JitRLCSE") or SHIPPED_WEIGHTS)
    lines = []
    if options.integer("JitRLCSECandidateFeatures"):
        lines = printing.candidate_features(index, mlcse_features(method.analysis).tolist())
    if options.integer("JitRLCSEGreedy"):
        order = linear_order(method.analysis, weights.tolist())
        return Decision(order, printing.heuristic("Parameterized CSE Heuristic", order), lines)
    replayed, rewards = options.integers("JitReplayCSE"), options.floats("JitReplayCSEReward")
    if replayed is not None and rewards is not None:
        alpha = (options.floats("JitRLCSEAlpha") or (ALPHA,))[0]
        order, moved = learn(method.analysis, weights, [number - 1 for number in replayed], rewards, alpha)
        return Decision(order, printing.update(order, moved.tolist()), lines)
    salt = options.integer("JitRandomCSE") & 0xFFFFFFFF
    drawn = draw(method.analysis, weights, np.random.default_rng([method.method_hash, salt]))
    return Decision(drawn.order, printing.sampled(drawn.order, drawn.likelihoods, drawn.base), lines)
