"""A process laid out for drawing: one line per level and unit, with what happens at each tick."""

from __future__ import annotations

from typing import Any

from gymcc.envs.nitta.server.process import Log, Step

Json = dict[str, Any]
Numbered = tuple[int, Step]
_LEVELS = {"CAD": "CAD", "Refactor": "CAD", "Intermediate": "Fun", "Endpoint": "EndPoint", "Instruction": "INST"}


def timelines(log: Log) -> Json:
    """NITTA's ProcessTimelines; no timelines where nothing has been decided yet."""
    if not log.steps:
        return {"timelines": [], "verticalRelations": []}
    lanes: dict[tuple[str, str], list[list[Numbered]]] = {}
    for number, step in reversed(list(enumerate(log.steps))):
        _place((number, step), lanes.setdefault((step.unit, _LEVELS[step.level]), []))
    first = min(step.interval[0] for step in log.steps)
    last = max(step.interval[1] for step in log.steps)
    return {
        "timelines": [
            {
                "timelineViewpoint": {"level": level, "component": [unit] if unit else []},
                "timelinePoints": [_points(lane, tick) for tick in range(first, last + 1)],
            }
            for (unit, level), group in sorted(lanes.items())
            for lane in group
        ],
        "verticalRelations": [[up, down] for up, down in log.relations],
    }


def _place(entry: Numbered, group: list[list[Numbered]]) -> None:
    """Into the first lane where nothing is in its way, or a new one."""
    lane = next((lane for lane in group if not any(_conflict(entry[1], other) for _, other in lane)), None)
    if lane is None:
        group.append([entry])
    else:
        lane.append(entry)


def _conflict(a: Step, b: Step) -> bool:
    """Whether two steps overlap; decisions may be many in one tick."""
    if _LEVELS[a.level] == "CAD":
        return False
    return a.interval[0] <= b.interval[1] and b.interval[0] <= a.interval[1]


def _points(lane: list[Numbered], tick: int) -> list[Json]:
    return [
        {"pID": number, "pTime": step.interval, "pInfo": f"@{step.unit} {step.text}" if step.unit else step.text}
        for number, step in lane
        if step.interval[0] <= tick <= step.interval[1]
    ]
