"""The analytic cost of LoopTune: laws over random nests, and parts against counts made by hand."""

from __future__ import annotations

import itertools
import os
import random
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.envs.looptune.backends.model import bound, peak_gflops, predict
from gymcc.envs.looptune.backends.model.compute import tile_cycles
from gymcc.envs.looptune.backends.model.machine import CORE
from gymcc.envs.looptune.backends.model.memory import lines, resident
from gymcc.envs.looptune.backends.walk import AVX2, AVX512, TARGETS, Target, Tile
from gymcc.envs.looptune.state import Contraction, Loop, Nest, default_nest, matmul

M, K, N = 0, 1, 2


@st.composite
def nests(draw: st.DrawFn) -> Nest:
    """A matmul of odd or even sizes with up to two splits per dimension, in any order, any annotation."""
    extents = [draw(st.integers(1, 200)) for _ in range(3)]
    order = []
    for dim in (M, K, N):
        factors = draw(st.lists(st.sampled_from((2, 3, 4, 8, 16, 32)), max_size=2))
        order += [dim] * (1 + len(factors))
        extents.extend(factors)
    factors_left = extents[3:]
    steps: dict[int, list[int]] = {dim: [1] for dim in (M, K, N)}
    for dim in order:
        if len(steps[dim]) < order.count(dim):
            steps[dim].append(steps[dim][-1] * factors_left.pop(0))
    flags = st.booleans()
    loops = [Loop(dim, steps[dim].pop(), draw(flags), draw(flags)) for dim in draw(st.permutations(order))]
    return Nest(matmul(*extents[:3]), tuple(loops))


@given(nests(), st.sampled_from(list(TARGETS.values())))
@settings(deadline=None)
def test_no_nest_beats_the_bound(nest: Nest, target: Target) -> None:
    prediction = predict(nest, target)
    assert prediction.seconds >= bound(nest.contraction, target) > 0
    assert prediction.memory_cycles >= 0
    assert prediction == predict(nest, target)


@given(nests(), st.sampled_from((M, K, N)), st.integers(0, 9))
@settings(deadline=None)
def test_a_loop_of_one_trip_is_free(nest: Nest, dim: int, seed: int) -> None:
    first = next(i for i, loop in enumerate(nest.loops) if loop.dim == dim)
    outer = nest.loops[first].step * -(-nest.contraction.extents[dim] // nest.loops[first].step)
    if outer == nest.loops[first].step:
        return
    at = seed % (first + 1)
    loops = (*nest.loops[:at], Loop(dim, outer), *nest.loops[at:])
    assert predict(Nest(nest.contraction, loops)).compute_cycles == predict(nest).compute_cycles


def test_bound_is_flops_over_peak() -> None:
    contraction = matmul(64, 96, 128)
    assert bound(contraction) == pytest.approx(contraction.flops / (peak_gflops() * 1e9))
    assert peak_gflops(AVX512) == CORE.clock_ghz * 2 * 2 * 16 == 2 * peak_gflops(AVX2)


@pytest.mark.parametrize("size", [64, 96, 128, 256])
def test_register_tile_beats_default_beats_scalar(size: int) -> None:
    contraction = matmul(size, size, size)
    tiled = Nest(contraction, (Loop(N, 32), Loop(M, 8), Loop(K, 1), Loop(M, 1), Loop(N, 1)))
    scalar = Nest(contraction, (Loop(M, 1), Loop(N, 1), Loop(K, 1)))
    times = [predict(nest).seconds for nest in (tiled, default_nest(contraction), scalar)]
    assert times[0] < 0.7 * times[1] < 0.07 * times[2]
    assert times[0] < 2 * bound(contraction)


def test_tile_is_bound_by_its_scarcest_port() -> None:
    contraction = matmul(512, 512, 512)

    def per_step(rows: int, columns: int, steps: int = 512) -> float:
        def tile(k: int) -> Tile:
            return Tile((rows, k, 16 * columns), N, (K,), 4)

        more, less = (tile_cycles(tile(k), contraction, AVX512) for k in (2 * steps, steps))
        return (more - less) / steps

    assert per_step(8, 2) == 8.0  # 16 FMAs over two units
    assert per_step(6, 1) == pytest.approx(4.0, rel=0.02)  # 7 loads take 3.5: an accumulator's chain of 4 is longer
    assert per_step(20, 1) == 10.5  # 20 FMAs, one load each and one for B


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 300), st.integers(0, 40))
def test_lines_match_a_count_of_every_element(rows: int, width: int, stride: int, slices: int) -> None:
    axes = ((1, width), (stride, rows), (1000, max(1, slices)))
    elements = itertools.product(*(range(0, step * extent, step) for step, extent in axes))
    expected = {sum(element) // 16 for element in elements}
    count, sets = lines(axes, 16, 64)
    assert count >= len(expected)  # holes narrower than the stride count as touched
    if stride > width:
        assert count == len(expected)
        assert list(sets) == [sum(line % 64 == s for line in expected) for s in range(64)]


def test_power_of_two_rows_collide_in_the_cache() -> None:
    """64 rows of 2 lines fit L1 eight times over, unless their stride maps them all to the same few sets."""
    block = (1, 64, 32)
    friendly, hostile = (resident(matmul(8, n, 64).strides, block)[0][1][2] for n in (1040, 1024))
    assert friendly == 1.0
    assert hostile == 0.0


def test_what_fits_the_first_cache_costs_no_memory_time() -> None:
    assert predict(default_nest(matmul(32, 32, 32))).memory_cycles == 0.0
    assert predict(default_nest(matmul(128, 128, 128))).memory_cycles > 0.0


def test_any_contraction_with_strides_has_a_price() -> None:
    dot = Contraction("dot", ("k",), (100,), (0,), (1,), (1,))
    outer = Contraction("outer", ("i", "j"), (30, 40), (40, 1), (1, 0), (0, 1))
    for contraction in (dot, outer):
        assert predict(default_nest(contraction)).seconds > bound(contraction)


def test_same_figures_in_every_process() -> None:
    code = (
        "from gymcc.envs.looptune.backends.model import predict\n"
        "from gymcc.envs.looptune.state import Loop, Nest, matmul\n"
        "for n in range(90, 110):\n"
        "    loops = (Loop(2, 32), Loop(1, 8), Loop(0, 4), Loop(1, 1), Loop(0, 1), Loop(2, 1))\n"
        "    print(predict(Nest(matmul(97, n, 101), loops)))\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("0", "7")
    }
    assert len(outputs) == 1
    assert outputs.pop().count("Prediction") == 20


def test_fidelity_statistics() -> None:
    from gymcc.benchmarks.fidelity_looptune import ordered, random_nests, spearman

    times = np.array([1.0, 1.01, 2.0, 3.0])
    assert spearman(times, times**3) == pytest.approx(1.0)
    assert spearman(times, -times) == pytest.approx(-1.0)
    assert spearman(np.array([1.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0])) == pytest.approx(3**0.5 / 2)
    assert ordered(np.array([1.1, 1.0, 2.0, 3.0]), times) == 1.0  # the first two are too close to count
    assert ordered(np.array([1.0, 1.1, 3.0, 2.0]), times) == pytest.approx(4 / 5)
    drawn = random_nests("m32_n32_k32", "extended", AVX512, 30, random.Random(1))
    assert len(set(drawn)) == 30
