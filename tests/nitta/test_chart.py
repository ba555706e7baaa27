"""The chart: a bar per function from its first transfer to its last, a mark on the bus per transfer, in colours."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

pytest.importorskip("PIL")

import gymcc  # noqa: F401 - registers the environments
from gymcc.envs.nitta.library import Library, shipped_labels
from gymcc.envs.nitta.render import COLOURS, LEFT, ROW, TOP, gantt
from gymcc.envs.nitta.tree import open_tree

WHITE = (255, 255, 255)


@pytest.fixture(params=["small/fir2", "tiny/gcd", "medium/fir5"])
def node(request):
    return open_tree(Library().program(request.param)).at(shipped_labels()[request.param].best)


def rows_of(node) -> list[tuple[str, list[set[int]]]]:
    """By unit with functions, the ticks that each of its functions lasts."""
    schedule = node.schedule()
    moved = {variable: t.tick for t in schedule.transports for _, variable in t.targets}
    spans = [
        (tag, [range(min(moved[v] for v in f.variables), max(moved[v] for v in f.variables) + 1) for f in functions])
        for tag, functions in schedule.bound
        if functions
    ]
    return [(tag, [set(span) for span in found]) for tag, found in spans]


def pixels(picture: np.ndarray, row: int, height: float, ticks: int) -> list[tuple[int, int, int]]:
    """The colour in the middle of each tick of a row."""
    scale = (picture.shape[1] - LEFT - 12) / ticks
    y = int(TOP + (row + 0.5) * height)
    return [tuple(int(c) for c in picture[y, int(LEFT + (tick + 0.5) * scale)]) for tick in range(ticks)]


def rgb(text: str) -> tuple[int, ...]:
    return tuple(int(text[at : at + 2], 16) for at in (1, 3, 5))


def test_bars_and_marks_are_where_the_transfers_are(node):
    picture, rows, schedule = gantt(node), rows_of(node), node.schedule()
    ticks = max(schedule.duration + 1, 10)
    height = min(ROW, (picture.shape[0] - TOP - 24) / (len(rows) + 1))
    colours = {tag: rgb(COLOURS[at]) for at, (tag, _) in enumerate(rows)}
    for at, (tag, spans) in enumerate(rows):
        shown = pixels(picture, at, height, ticks)
        busy = set.union(*spans)
        assert {tick for tick, colour in enumerate(shown) if colour == colours[tag]} == busy
        assert {tick for tick, colour in enumerate(shown) if colour == WHITE} == set(range(ticks)) - busy
    bus = pixels(picture, len(rows), height, ticks)
    sources = {transport.tick: colours[transport.source] for transport in schedule.transports}
    assert bus == [sources.get(tick, WHITE) for tick in range(ticks)]


def test_a_start_has_bare_rows():
    picture = gantt(open_tree(Library().program("small/fir2")))
    assert (picture[TOP + ROW + 30 :, LEFT:] == 255).all()


def test_the_environment_shows_it():
    env = gym.make("nitta-synthesis-v0", render_mode="rgb_array")
    env.reset(options={"instance": "tiny/gcd"})
    before = env.render()
    for action in env.unwrapped.problem.heuristic("tiny/gcd"):
        env.step(action)
    assert (env.render() == gantt(env.unwrapped.state)).all()
    assert (env.render() != before).any()
