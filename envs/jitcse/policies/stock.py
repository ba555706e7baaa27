"""RyuJIT's own heuristic (``CSE_Heuristic`` in optcse.cpp): costs of a temporary against costs of doing the work again.

Candidates are tried dearest first. The price of a temporary depends on how likely it is to have a register, and that on
how its references compare with those of the method's locals (:mod:`~gymcc.envs.jitcse.policies.pressure`). Each
temporary that lives across a call makes the next ones a little less likely.
"""

from __future__ import annotations

from dataclasses import dataclass

from gymcc.envs.jitcse.analysis import Analysis, Candidate, Choice
from gymcc.envs.jitcse.ir import Type
from gymcc.envs.jitcse.policies.machine import X64, Machine
from gymcc.envs.jitcse.policies.marks import Marks
from gymcc.envs.jitcse.policies.pressure import MAX_TRACKED, UNITY, Pressure, pressure

WORD = 8  # bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why the heuristic keeps a candidate or not. Counts and costs are weighted, 100 per execution, unless for size."""

    candidate: int
    skipped: str = ""  # why it was not considered; the rest is then empty
    promotion: str = ""  # aggressive: sure of a register, moderate: likely to have one, conservative: not
    references: float = 0.0  # of the temporary: two per def, one per use
    aggressive: float = 0.0  # references that were aggressive at that moment
    moderate: float = 0.0
    def_cost: int = 0
    use_cost: int = 0
    extra_yes: int = 0  # for a register that calls preserve
    extra_no: int = 0  # code saved
    yes_cost: float = 0.0
    no_cost: float = 0.0

    @property
    def kept(self) -> bool:
        """Whether the candidate was chosen."""
        return not self.skipped and self.yes_cost <= self.no_cost


def stock(analysis: Analysis, machine: Machine = X64, small_code: bool = False) -> Choice:
    """The set of candidates that RyuJIT keeps; ``small_code`` as for class constructors."""
    return frozenset(stock_order(analysis, machine, small_code))


def stock_order(analysis: Analysis, machine: Machine = X64, small_code: bool = False) -> tuple[int, ...]:
    """What RyuJIT keeps in the order it does, as its ``seq`` reports, but numbered from 0."""
    return tuple(verdict.candidate for verdict in explain(analysis, machine, small_code) if verdict.kept)


def explain(analysis: Analysis, machine: Machine = X64, small_code: bool = False) -> tuple[Verdict, ...]:
    """A verdict for each candidate, in the order they are tried."""
    heuristic = _Heuristic(analysis, machine, small_code)
    return tuple(heuristic.consider(number) for number in heuristic.order())


class _Heuristic:
    """The state of the heuristic while it walks the candidates: cut-offs that rise, counts of uses that shrink."""

    def __init__(self, analysis: Analysis, machine: Machine, small_code: bool) -> None:
        self._candidates = analysis.candidates
        self._machine = machine
        self._small = small_code
        self._pressure: Pressure = pressure(analysis, machine, small_code)
        self._aggressive = self._pressure.aggressive
        self._moderate = self._pressure.moderate
        self._marks = Marks(analysis)

    def order(self) -> list[int]:
        """Candidates by cost, then by uses, both falling, then by defs, rising."""
        return sorted(range(len(self._candidates)), key=self._rank)

    def _rank(self, number: int) -> tuple[float, ...]:
        each = self._candidates[number]
        if self._small:
            return (-each.cost_sz, -each.use_count, each.def_count, number)
        return (-each.cost_ex, -each.use_weight, each.def_weight, number)

    def consider(self, number: int) -> Verdict:
        """Decide on a candidate, and if it is kept, raise the cut-offs and forget the uses it swallows."""
        if not self._marks.viable(number):
            return Verdict(number, self._candidates[number].why_not_viable or "all its uses went with other candidates")
        verdict = self._verdict(number)
        if verdict.kept:
            self._adjust(verdict)
            self._marks.keep(number)
        return verdict

    def _adjust(self, verdict: Verdict) -> None:
        """``AdjustHeuristic``: a new temporary takes a register from the next, if it needs one across calls."""
        if not self._candidates[verdict.candidate].live_across_call:
            return
        if verdict.references > self._aggressive:
            self._aggressive += UNITY
        if verdict.references > self._moderate:
            self._moderate += UNITY / 2

    def _verdict(self, number: int) -> Verdict:
        each = self._candidates[number]
        uses = self._marks.use_count[number] if self._small else self._marks.use_weight[number]
        defs = each.def_count if self._small else each.def_weight
        references = defs * 2 + uses
        promotion = self._promotion(each, references)
        def_cost, use_cost = self._costs(each, promotion)
        extra_yes = self._extra_yes(each, references)
        extra_no = max(0, each.cost_sz - use_cost) * self._marks.use_count[number] * 2
        return Verdict(
            number,
            promotion=promotion,
            references=references,
            aggressive=self._aggressive,
            moderate=self._moderate,
            def_cost=def_cost,
            use_cost=use_cost,
            extra_yes=extra_yes,
            extra_no=extra_no,
            yes_cost=defs * def_cost + uses * use_cost + extra_yes,
            no_cost=uses * (each.cost_sz if self._small else each.cost_ex) + extra_no,
        )

    def _promotion(self, each: Candidate, references: float) -> str:
        if self._small:
            return "aggressive" if references >= self._aggressive else "conservative"
        if references >= self._aggressive and each.type is not Type.STRUCT:
            return "aggressive"
        return "moderate" if references >= self._moderate else "conservative"

    def _costs(self, each: Candidate, promotion: str) -> tuple[int, int]:
        """Cost of a def and of a use of the temporary, in cycles or, for small code, in bytes."""
        costs = self._costs_in_bytes(each, promotion) if self._small else self._costs_in_cycles(each, promotion)
        slots = -(-each.type.bytes // WORD) if each.type is Type.STRUCT else 1
        spill = each.live_across_call and promotion != "conservative" and self._must_spill(each.type)
        return costs[0] * slots + spill, costs[1] * slots + spill

    def _costs_in_bytes(self, each: Candidate, promotion: str) -> tuple[int, int]:
        large = self._pressure.large_frame
        if promotion == "aggressive":
            far = large and (each.live_across_call or each.type is Type.STRUCT)
            costs = (1 + far, 1 + far)
        else:
            costs = self._machine.large_frame_costs if large else self._machine.small_frame_costs
        extra = self._machine.floating_extra if each.type in (Type.FLOAT, Type.DOUBLE) else (0, 0)
        return costs[0] + extra[0], costs[1] + extra[1]

    def _costs_in_cycles(self, each: Candidate, promotion: str) -> tuple[int, int]:
        in_register = each.type is not Type.STRUCT
        easy = in_register and not each.live_across_call
        if promotion == "aggressive":
            return 1, 1
        if promotion == "moderate":
            return 2, 1 if easy or (in_register and self._registers_left(each.type)) else 2 if in_register else 3
        untracked = len(self._pressure.tracked) == MAX_TRACKED
        return 2 + untracked, (2 if easy else 3) + untracked

    def _registers_left(self, type: Type) -> bool:
        """Whether the method's locals of a class are fewer than those sure of a register."""
        pressure = self._pressure
        used = pressure.enregistered_floating if type.floating else pressure.enregistered_integer
        return type is not Type.STRUCT and used < self._machine.registers(type).aggressive

    def _must_spill(self, type: Type) -> bool:
        """Whether no register holds such a value across a call."""
        registers = self._machine.registers(type)
        return registers.saved == 0 or (type is Type.SIMD and not self._machine.preserves_vectors)

    def _extra_yes(self, each: Candidate, references: float) -> int:
        """A register that calls preserve must be saved and restored, where the method needs few of them so far."""
        if not each.live_across_call or not self._registers_left(each.type):
            return 0
        return int(UNITY) * (2 if references < self._moderate else 1)
