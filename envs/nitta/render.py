"""Showing a synthesis: options as text, the schedule as a chart and as a listing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gymcc.envs.core.render import HEIGHT, WIDTH
from gymcc.envs.nitta.tree import Node

if TYPE_CHECKING:
    from gymcc.envs.nitta.problem import Nitta

_SHOWN = 20  # options
LEFT, TOP, ROW = 96, 28, 26  # pixels of the chart
COLOURS = ("#4c72b0", "#dd8452", "#55a868", "#c44e52", "#8172b3", "#937860", "#da8bc3", "#8c8c8c", "#ccb974", "#64b5cd")


def text(problem: Nitta, node: Node) -> str:
    """The node in a few lines, with its options, best scores first."""
    model, moves = node.model, problem.moves(node)
    end = "complete" if node.is_complete else "dead end" if problem.is_terminal(node) else f"{node.unsent} to transfer"
    waiting = f"{len(model.waiting.functions)} functions waiting, " if model else ""
    lines = [
        f"{node.root.program.name} at {node.sid}",
        f"duration {node.duration}, {waiting}{end}",
    ]
    lines += [f"no complete schedule: {reason}" for reason in node.root.obstacles]
    ranked = sorted(range(len(moves.kept)), key=lambda action: -moves.options[action].score)
    for action in ranked[:_SHOWN]:
        option = moves.options[action]
        mark = "" if moves.legal[action] else "  (fails)"
        lines.append(f"  option_{action:<3} {option.score:6.0f}  {node.phrase(moves.kept[action])}{mark}")
    if len(ranked) > _SHOWN:
        lines.append(f"  and {len(ranked) - _SHOWN} more")
    return "\n".join(lines)


def listing(node: Node) -> str:
    """The schedule so far, a line for every transfer, after what is bound where."""
    schedule = node.schedule()
    lines = [
        f"{tag}: {'; '.join(f.text for f in reversed(functions))}" for tag, functions in schedule.bound if functions
    ]
    for transport in schedule.transports:
        targets = ", ".join(f"{variable} -> {tag}" for tag, variable in transport.targets)
        lines.append(f"{transport.tick:4}  {transport.source}: {targets}")
    return "\n".join(lines)


def gantt(node: Node) -> NDArray[np.uint8]:
    """Units and the bus over ticks, uint8 ``(HEIGHT, WIDTH, 3)``; raises ImportError without Pillow.

    A unit's bar goes from the first transfer of a function to its last; the bus has a mark for every transfer, in the
    colour of the unit that gave it.
    """
    try:
        from PIL import Image, ImageDraw, ImageFont
    except ImportError as error:
        raise ImportError("render_mode='rgb_array' draws with Pillow: pip install 'gymcc[report]'") from error
    schedule = node.schedule()
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(12)
    tags = [tag for tag, functions in schedule.bound if functions]
    ticks = max(schedule.duration + 1, 10)
    scale = (WIDTH - LEFT - 12) / ticks
    row = min(ROW, (HEIGHT - TOP - 24) / (len(tags) + 1))
    ended = "complete" if node.is_complete else "unfinished"
    draw.text((12, 6), f"{node.root.program.name}: {schedule.duration} ticks, {ended}", fill="black", font=font)
    colour = {tag: COLOURS[at % len(COLOURS)] for at, tag in enumerate(tags)}
    moved = {variable: t.tick for t in schedule.transports for _, variable in t.targets}
    for at, (tag, functions) in enumerate((t, f) for t, f in schedule.bound if f):
        top = TOP + at * row
        draw.text((12, top + 4), tag, fill="black", font=font)
        for function in functions:
            at_ticks = [moved[variable] for variable in function.variables if variable in moved]
            if at_ticks:
                left, right = LEFT + min(at_ticks) * scale, LEFT + (max(at_ticks) + 1) * scale - 1
                draw.rectangle((left, top + 3, max(right, left + 1), top + row - 4), fill=colour[tag], outline="white")
    bus = TOP + len(tags) * row
    draw.text((12, bus + 4), "bus", fill="black", font=font)
    for transport in schedule.transports:
        left = LEFT + transport.tick * scale
        draw.rectangle((left, bus + 3, max(left + scale - 1, left + 1), bus + row - 4), fill=colour[transport.source])
    step = max(1, round(ticks / 12))
    for tick in range(0, ticks + 1, step):
        draw.text((LEFT + tick * scale, bus + row + 2), str(tick), fill="gray", font=font)
    return np.asarray(image)
