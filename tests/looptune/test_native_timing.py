"""The measuring machinery does what it says; how long things take is not asserted."""

from __future__ import annotations

import numpy as np
import pytest

from gymcc.envs.looptune.backends.native import compile_nest, measure, numpy_seconds, peak_gflops, supported, timing
from gymcc.envs.looptune.backends.native.buffers import Buffers, buffers
from gymcc.envs.looptune.backends.native.kernel import pointer
from gymcc.envs.looptune.backends.native.sampler import Sampler, Turn
from gymcc.envs.looptune.backends.walk import Target
from gymcc.envs.looptune.state import Contraction, Loop, Nest, default_nest, matmul

if not supported():
    pytest.skip("this CPU has neither AVX-512 nor AVX2", allow_module_level=True)
on_each_isa = pytest.mark.parametrize("target", supported(), ids=lambda target: target.name)


def test_sampler_calls_each_function_as_often_as_asked() -> None:
    kernel = compile_nest(default_nest(matmul(1, 1, 1)))
    counters, one = np.zeros((2, 16), np.float32), np.ones(16, np.float32)
    turns = [Turn(kernel.address, pointer(counters[i]), pointer(one), pointer(one), n) for i, n in enumerate((3, 5))]
    ticks = Sampler()(turns, 7)
    assert ticks.shape == (7, 2)
    assert ticks.dtype == np.int64
    assert np.all(ticks > 0)
    assert counters[:, 0].tolist() == [21.0, 35.0]
    assert not counters[:, 1:].any()


@on_each_isa
@pytest.mark.parametrize("shape", [(1, 1, 1), (64, 64, 64), (33, 17, 65)])
def test_readings_are_figures(target: Target, shape: tuple[int, int, int]) -> None:
    reading = measure(compile_nest(default_nest(matmul(*shape)), target))
    assert 0 < reading.seconds < 1
    assert 0 < reading.raw_seconds < 1
    assert reading.turns >= 1
    assert 0 < peak_gflops(target) < 1000


def test_slow_kernels_are_called_but_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "SLOW", 0.0)
    nest = Nest(matmul(100, 100, 100), (Loop(0, 1), Loop(2, 1), Loop(1, 1)))
    readings = [measure(compile_nest(nest), patience) for patience in (0.0, 100.0)]
    assert [(reading.turns, reading.quiet) for reading in readings] == [(4, False), (10, False)]


def test_turns_are_judged_by_the_tile_loops_around_them(monkeypatch: pytest.MonkeyPatch) -> None:
    core = timing.core(supported()[0])
    monkeypatch.setattr(core, "best_tile", 50)
    monkeypatch.setattr(core, "best_fma", 20)
    ticks = np.array([[100, 50, 20], [900, 50, 21], [101, 52, 20], [102, 90, 30], [103, 50, 20]])
    expected = [[900, 1.0, 50], [101, 1.04, 50], [102, 1.8, 52], [103, 1.8, 50]]
    assert timing._between(core, ticks).tolist() == expected
    slower_clock = ticks * [[1, 2, 2]]
    assert timing._between(core, slower_clock)[:, 1].tolist() == [1.0, 1.04, 1.8, 1.8]


def test_operands_are_aligned_bounded_and_shared() -> None:
    pools = Buffers()
    first = pools.flat(matmul(10, 20, 30))
    second = pools.flat(matmul(20, 20, 30))
    for small, large, size in zip(first, second, (400, 600, 600), strict=True):
        assert large.size == size
        assert pointer(small) == pointer(large)
        assert pointer(small) % 64 == 0
        assert np.all((np.abs(large) >= 0.5) & (np.abs(large) <= 1.0))
    big = pools.flat(matmul(800, 900, 10))[0]
    assert big.size == 720_000
    assert big.flags.c_contiguous


def test_measuring_keeps_c_finite() -> None:
    contraction = matmul(48, 48, 48)
    measure(compile_nest(default_nest(contraction)))
    assert np.all(np.isfinite(buffers().flat(contraction)[0]))


def test_numpy_is_timed_for_matmul_only() -> None:
    assert 0 < numpy_seconds(matmul(32, 32, 32), patience=0.005) < 1
    other = Contraction("tn", ("m", "k", "n"), (2, 3, 4), (4, 0, 1), (1, 2, 0), (0, 4, 1))
    with pytest.raises(ValueError, match="'tn'"):
        numpy_seconds(other)
