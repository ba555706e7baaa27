"""What cannot be scheduled is said to be so, and nothing else."""

from __future__ import annotations

import re
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gymcc.envs.nitta.env import make_env
from gymcc.envs.nitta.frontend import compile_lua
from gymcc.envs.nitta.library import Library, shipped_sources
from gymcc.envs.nitta.microarchitecture import DEFAULT, Microarchitecture, UnitSpec, UnitType
from gymcc.envs.nitta.obstacles import obstacles
from gymcc.envs.nitta.tree import open_tree

from .platforms import platforms, walk
from .test_problem import RELAYS

SMALL = [name for name in shipped_sources() if name.startswith(("tiny", "small"))]


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(platforms(), st.sampled_from(SMALL), st.integers(0, 10**6))
def test_no_program_with_an_obstacle_has_a_complete_schedule(platform, name, seed):
    program = Library().program(name)
    if obstacles(program, platform):
        root = open_tree(program, platform, "obvious")
        assert not any(walk(root, Random(seed + number)).is_complete for number in range(5))


@pytest.mark.parametrize("name", shipped_sources())
def test_shipped_programs_have_none(name):
    assert obstacles(Library().program(name), DEFAULT) == []


def test_what_folding_may_remove_is_none():
    source = "function f(a)\n    send(a + (12 << 3))\n    f(a + 1)\nend\nf(0)\n"
    without_shift = Microarchitecture(tuple(u for u in DEFAULT.units if u.type is not UnitType.SHIFT))
    assert obstacles(compile_lua(source), without_shift) == []
    shifted = source.replace("12 << 3", "a << 3")
    assert obstacles(compile_lua(shifted), without_shift) == [
        "no unit computes a^0#1 << 3 = _1#tmp: that takes a unit of type Shift"
    ]


@pytest.mark.parametrize(
    ("units", "says"),
    [
        ({"fram": UnitSpec("fram", UnitType.FRAM, size=1)}, "2 constants and values kept .* 1 memory cells"),
        ({"spi": UnitSpec("spi", UnitType.SPI, buffer_size=1)}, "2 receives do not fit: .* 1 in a cycle"),
        ({"spi": UnitSpec("accum2", UnitType.ACCUM)}, r"no unit computes receive\(\).*type SPI"),
    ],
)
def test_each_reason_is_told(units, says):
    source = "function f(a, b)\n    send(receive() + a)\n    f(receive(), b)\nend\nf(0, 1)\n"
    usual = {"fram": UnitSpec("fram", UnitType.FRAM), "spi": UnitSpec("spi", UnitType.SPI)}
    platform = Microarchitecture((UnitSpec("accum", UnitType.ACCUM), *(usual | units).values()))
    found = obstacles(compile_lua(source), platform)
    assert len(found) in (1, 2)
    assert re.search(says, found[0])


def test_people_are_told(tmp_path):
    path = tmp_path / "relays.lua"
    path.write_text(RELAYS)
    env = make_env(dataset=str(path), render_mode="ansi")
    env.reset(options={"instance": "own/relays"})
    assert "no complete schedule: 7 receives do not fit" in env.render()
