"""How hard the shipped programs are: what NITTA's stateOfTheArt leaves to gain, and what is proven."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gymcc.envs.nitta.problem import Nitta

LISTED = 100  # programs that are told one by one


@dataclass(frozen=True, slots=True)
class Known:
    """Ticks of the schedules of a program: stateOfTheArt's and the shortest known, None for none; and whether the
    latter is proven to be the shortest.
    """

    instance: str
    sota: int | None
    best: int | None
    proven: bool

    def __str__(self) -> str:
        if self.best is None:
            return f"stateOfTheArt {self.sota or 'fails'}" + (", no schedule exists (proven)" if self.proven else "")
        end = " (proven shortest)" if self.proven else ""
        return f"stateOfTheArt {self.sota or 'fails'}, best known {self.best}{end}"


def landscape(problem: Nitta, instances: Iterable[str]) -> dict[str, Any]:
    """Facts of the programs of which anything is known: over all, by tier where there are several, and one by one."""
    found = [known for instance in instances if (known := _known(problem, instance))]
    if not found:
        return {}
    tiers: dict[str, list[Known]] = {}
    for known in found:
        tiers.setdefault(known.instance.rpartition("/")[0], []).append(known)
    facts: dict[str, Any] = _summary("", found)
    for tier, some in tiers.items() if len(tiers) > 1 else ():
        facts |= _summary(f"{tier}_", some)
    if len(found) <= LISTED:
        facts |= {known.instance: str(known) for known in found}
    return facts


def _summary(prefix: str, found: Sequence[Known]) -> dict[str, Any]:
    """Shares in percent; the ratio of durations as a geometric mean over the programs that stateOfTheArt solves."""
    solved = [(known.sota, known.best) for known in found if known.sota is not None and known.best is not None]
    proven = [known for known in found if known.proven]
    logs = [log(sota / best) for sota, best in solved]
    facts = {
        "programs_known": len(found),
        "sota_success_percent": 100 * len(solved) / len(found),
        "sota_over_best_known_geomean": exp(sum(logs) / len(logs)) if logs else None,
        "best_proven": len(proven),
        "sota_best_percent_of_proven": _percent(sum(known.sota == known.best for known in proven), len(proven)),
    }
    return {prefix + name: value for name, value in facts.items()}


def _percent(count: int, of: int) -> float | None:
    return 100 * count / of if of else None


def _known(problem: Nitta, instance: str) -> Known | None:
    label = problem.library.known_label(instance)
    if label is None:
        return None
    return Known(instance, _ticks(problem, instance, label.sota), _ticks(problem, instance, label.best), label.proven)


def _ticks(problem: Nitta, instance: str, sid: str | None) -> int | None:
    node = None if sid is None else problem.initial(instance).at(sid)
    return node.duration if node is not None and node.is_complete else None
