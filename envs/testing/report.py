"""What a check of an environment says: a report if every law holds, an exception naming the law that does not."""

from __future__ import annotations

from dataclasses import dataclass


class Broken(Exception):
    """Raised inside a law: what is wrong and, if known, the shortest way found to see it."""

    def __init__(self, message: str, counterexample: str = "") -> None:
        super().__init__(message)
        self.counterexample = counterexample


class Skipped(Exception):
    """Raised inside a law that cannot be tried on this subject; the message says why."""


class LawBroken(AssertionError):
    """An environment breaks a law of the conformance kit."""

    def __init__(self, env_id: str, number: int, name: str, fault: Broken) -> None:
        where = f"\n  counterexample: {fault.counterexample}" if fault.counterexample else ""
        super().__init__(f"{env_id} breaks law {number} ({name}): {fault}{where}")
        self.env_id = env_id
        self.number = number
        self.name = name
        self.counterexample = fault.counterexample


@dataclass(frozen=True, slots=True)
class Result:
    """One law that was not broken; ``skipped`` says why it could not be tried, empty if it holds."""

    number: int
    name: str
    skipped: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Report:
    """The laws an environment was held to."""

    env_id: str
    results: tuple[Result, ...]

    @property
    def skipped(self) -> dict[int, str]:
        """Why some laws could not be tried, by number."""
        return {result.number: result.skipped for result in self.results if result.skipped}

    def __str__(self) -> str:
        lines = [f"{self.env_id}: {len(self.results) - len(self.skipped)} laws hold"]
        for result in self.results:
            verdict = f"skipped: {result.skipped}" if result.skipped else "holds"
            lines.append(f"  {result.number:2d} {result.name}: {verdict} ({result.seconds:.1f} s)")
        return "\n".join(lines)
