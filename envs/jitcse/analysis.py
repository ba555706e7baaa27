"""What the front end finds out about a method, and what a back end says of a choice: the types both sides share."""

from __future__ import annotations

from dataclasses import dataclass

from gymcc.envs.jitcse.ir import Method, Type

MAX_CANDIDATES = 64  # RyuJIT's MAX_CSE_CNT


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One tree of a candidate: ``statement`` of ``block``, then ``path``, child indices from the statement's root."""

    block: int
    statement: int
    path: tuple[int, ...]
    is_def: bool  # computes and keeps the value; else reads the temporary
    hoisted: bool = False  # planted in a loop pre-header by hoisting (MAKE_CSE)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A common subexpression that may be kept in a temporary; the fields are RyuJIT's 19 hook features and more.

    Weights are block weights times 100, RyuJIT's unit. Candidates are numbered from 0 in order of discovery.
    """

    type: Type
    occurrences: tuple[Occurrence, ...]  # in order of evaluation: statements in block order, then within the tree
    why_not_viable: str  # empty if viable
    live_across_call: bool  # some use is reached only past a call
    live_across_call_lsra: bool  # a call lies between first and last block in layout order
    const: bool
    shared_const: bool
    make_cse: bool
    has_call: bool
    containable: bool  # ADD, NOT, MUL or LSH, which a user's address mode may swallow
    cost_ex: int  # execution cost of the tree, RyuJIT's mini-costs
    cost_sz: int  # size cost of the tree
    use_count: int
    def_count: int
    use_weight: float
    def_weight: float
    distinct_locals: int
    local_occurrences: int
    block_count: int  # blocks with an occurrence
    block_spread: int  # postorder distance of the farthest of them

    @property
    def viable(self) -> bool:
        """Whether RyuJIT would let it be chosen."""
        return not self.why_not_viable


@dataclass(frozen=True, slots=True)
class Analysis:
    """A method ready for decisions."""

    method: Method  # after hoisting: with MAKE_CSE trees in pre-headers, each an evaluated statement of its own
    candidates: tuple[Candidate, ...]  # at most MAX_CANDIDATES
    enregistered: tuple[int, ...]  # locals that may live in registers (all but structs)


@dataclass(frozen=True, slots=True)
class Score:
    """What the code for one choice costs."""

    perf_score: float  # RyuJIT's PerfScore: expected cycles per call of the method, lower is better
    code_size: int  # bytes
    instructions: int
    spills: int = 0  # intervals without a register


Choice = frozenset[int]  # candidates kept in temporaries
