"""Records: one JSON object per episode or search result, which `gymcc verify` replays.

Every field carries its own short hash in ``seal``, so that an accidental or careless change is named. A forger can
reseal, but not make the replay agree: actions, costs, start and final state are recomputed.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields
from functools import lru_cache
from hashlib import blake2b
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from gymcc.envs.core.machine import fingerprint
from gymcc.envs.core.problem import Problem

if TYPE_CHECKING:
    from pydantic import TypeAdapter

SCHEMA = 1
S = TypeVar("S", bound=Hashable)


class BadRecord(ValueError):
    """A record that cannot be read; the message names the file, line and field."""


@dataclass(frozen=True)
class Record:
    """What was decided on one instance and what it cost, with everything needed to do it again."""

    env: str  # registered id
    options: dict[str, Any]  # of the environment, as given to gymnasium.make
    instance: str
    method: str  # "policy", "beam4", ...
    seed: int
    actions: list[str]  # names, in order, from the start state
    costs: list[float]  # (len(actions) + 1,) in the problem's unit, start state first
    evaluations: int  # costs computed to find this
    seconds: float  # wall time to find this
    curve: list[list[float]]  # best so far: [evaluations, seconds, cost]
    bound: float | None
    proven: bool  # whether the best cost is known to be optimal within the step limit
    start: str  # encoded state
    final: str  # encoded state
    deterministic: bool
    versions: dict[str, str]
    machine: dict[str, str]  # empty for deterministic costs
    extra: dict[str, Any] = field(default_factory=dict)  # references such as numpy's seconds
    schema: int = SCHEMA

    @property
    def baseline_cost(self) -> float:
        """Cost of the start state."""
        return self.costs[0]

    @property
    def final_cost(self) -> float:
        """Cost after the last action."""
        return self.costs[-1]

    @property
    def best_cost(self) -> float:
        """Lowest cost on the path."""
        return min(self.costs)

    def to_json(self) -> str:
        """One line, sealed."""
        body = asdict(self)
        return json.dumps({**body, "seal": {name: _hash(value) for name, value in body.items()}}, sort_keys=True)


def make_record(
    problem: Problem[S],
    env: str,
    options: dict[str, Any],
    instance: str,
    actions: Iterable[int],
    **found: Any,
) -> Record:
    """Walk ``actions`` from the start, reading costs from the problem's memo, and write down what happened.

    ``found`` holds method, seed, evaluations, seconds, curve, proven and extra.
    """
    actions = list(actions)
    states = [problem.initial(instance)]
    for action in actions:
        states.append(problem.apply(states[-1], action))
    bound = problem.bound(instance)
    return Record(
        env=env,
        options=options,
        instance=instance,
        actions=[problem.describe(action) for action in actions],
        costs=[problem.cost(state) for state in states],
        bound=bound if bound == bound else None,
        start=problem.encode(states[0]),
        final=problem.encode(states[-1]),
        deterministic=problem.deterministic,
        versions={"python": platform.python_version(), **problem.versions()},
        machine={} if problem.deterministic else fingerprint(),
        **found,
    )


def parse_record(text: str, where: str = "record") -> tuple[Record, list[str]]:
    """A record and the names of the fields whose seal is broken; raises :class:`BadRecord`."""
    try:
        body = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise BadRecord(f"{where}: not JSON: {error}") from error
    if not isinstance(body, dict) or not isinstance(body.get("seal"), dict):
        raise BadRecord(f"{where}: not a GymCC record: no 'seal'")
    seal = body.pop("seal")
    if body.get("schema") != SCHEMA:
        raise BadRecord(f"{where}: schema {body.get('schema')!r}; this version reads {SCHEMA}")
    names = {item.name for item in fields(Record)}
    if missing := names - set(body):
        raise BadRecord(f"{where}: missing field {sorted(missing)}")
    if unknown := set(body) - names:
        raise BadRecord(f"{where}: unknown field {sorted(unknown)}")
    broken = sorted(name for name, value in body.items() if seal.get(name) != _hash(value))
    if set(seal) != set(body):
        broken.append("seal")
    return _typed(body, where), broken


def _typed(body: dict[str, Any], where: str) -> Record:
    from pydantic import ValidationError

    try:
        return _adapter().validate_json(json.dumps(body), strict=True)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise BadRecord(f"{where}: field {'.'.join(map(str, fault['loc']))!r}: {fault['msg']}") from error


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[Record]:
    from pydantic import TypeAdapter  # slow to import, and only files need it

    return TypeAdapter(Record)


def read_records(path: Path) -> Iterator[tuple[Record, list[str]]]:
    """The records of a JSON-lines file, each with the names of its broken fields."""
    with path.open(encoding="utf-8") as lines:
        try:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield parse_record(line, f"{path}:{number}")
        except UnicodeDecodeError as error:
            raise BadRecord(f"{path}: not a file of records: {error}") from error


def intact_records(path: Path) -> list[Record]:
    """The records of a file whose seals hold and whose figures can be drawn: a cost per state, all of them finite."""
    return [record for record, broken in read_records(path) if not broken and _is_whole(record)]


def _is_whole(record: Record) -> bool:
    figures = [*record.costs, *(figure for point in record.curve for figure in point)]
    lengths = {len(point) for point in record.curve} <= {3} and len(record.costs) == len(record.actions) + 1
    return lengths and all(map(isfinite, figures))


def write_records(path: Path, records: Iterable[Record]) -> None:
    """Write records as JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(record.to_json() + "\n" for record in records))


def append_record(path: Path, record: Record) -> None:
    """Add one record to a file, for good once this returns."""
    with path.open("a", encoding="utf-8") as out:
        out.write(record.to_json() + "\n")


def _hash(value: Any) -> str:
    return blake2b(json.dumps(value, sort_keys=True).encode(), digest_size=6).hexdigest()
