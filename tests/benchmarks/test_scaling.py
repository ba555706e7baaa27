"""The model of scaling against what can be worked out by hand, and laws over any times."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.benchmarks.scaling.model import Outcome, simulate
from gymcc.benchmarks.scaling.times import Times

# Episodes of 10 steps in 10 ms; 0.2 ms per step to learn.
CONSTANT = Times(np.array([10.0]), np.array([0.01]), 0.0, 0.0, np.array([2e-4]), 0.0, 0.0, 0.0)


def run(times: Times, runners: int, *, cores: int = 1000, batch: int = 1600, waits: bool = True) -> Outcome:
    return simulate(times, runners, cores=cores, batch=batch, waits=waits, updates=30)


@pytest.mark.parametrize("runners", [0, 1, 4, 16])
def test_in_turns_a_batch_takes_playing_then_learning(runners: int) -> None:
    playing, learning = 1.6 / max(1, runners), 0.32
    outcome = run(CONSTANT, runners)
    assert outcome.steps_per_s == pytest.approx(1600 / (playing + learning))
    assert outcome.learning == pytest.approx(learning / (playing + learning))
    assert outcome.bottleneck == ("runners" if playing > learning else "learner")


@pytest.mark.parametrize(("runners", "rate"), [(1, 1000), (4, 4000), (16, 5000), (64, 5000)])
def test_without_waiting_the_slower_side_decides(runners: int, rate: float) -> None:
    outcome = run(CONSTANT, runners, waits=False)
    assert outcome.steps_per_s == pytest.approx(rate, rel=0.07)
    assert outcome.bottleneck == ("runners" if rate < 5000 else "learner")


def test_processes_share_the_cores() -> None:
    assert run(CONSTANT, 8, cores=2).steps_per_s == pytest.approx(1600 / (1.6 / 2 + 0.32))
    assert run(CONSTANT, 8, cores=2).bottleneck == "cores"
    assert run(CONSTANT, 8, cores=1, waits=False).steps_per_s == pytest.approx(1600 / (1.6 + 0.32), rel=0.1)


def test_answers_are_received_one_by_one() -> None:
    times = replace(CONSTANT, send=0.1, receive=0.05, receive_step=1e-4)
    outcome = run(times, 16)
    assert outcome.steps_per_s == pytest.approx(1600 / (0.1 + 0.1 + 16 * 0.05 + 0.16 + 0.32))
    assert outcome.bottleneck == "transfer"


def test_one_slow_runner_is_waited_for_in_turns_only() -> None:
    """Every hundredth episode takes a hundred times as long."""
    random = np.random.default_rng(0)
    seconds = np.where(random.random(1000) < 0.01, 1.0, 0.01)
    times = replace(CONSTANT, episode_steps=np.full(1000, 10.0), episode_seconds=seconds, update=np.array([1e-6]))
    turns, free = run(times, 64, batch=640), run(times, 64, batch=640, waits=False)
    assert turns.bottleneck == "slowest runner"
    assert free.steps_per_s > 1.4 * turns.steps_per_s


@st.composite
def any_times(draw: st.DrawFn) -> Times:
    seconds = st.floats(1e-4, 0.1)
    episodes = draw(st.lists(st.tuples(st.integers(1, 20), seconds), min_size=1, max_size=8))
    lengths, in_environment = np.array(episodes, float).T
    small = [draw(st.floats(0, 1e-3)) for _ in range(5)]
    return Times(lengths, in_environment, small[0], small[1], np.array([draw(st.floats(1e-6, 1e-3))]), *small[2:])


@given(any_times(), st.integers(0, 20), st.integers(1, 8), st.booleans())
@settings(max_examples=60)
def test_nobody_works_more_than_all_the_time(times: Times, runners: int, cores: int, waits: bool) -> None:
    outcome = simulate(times, runners, cores=cores, batch=200, waits=waits, updates=10)
    assert outcome.steps_per_s > 0
    assert outcome.learning + outcome.receiving <= 1 + 1e-9
    assert 0 <= outcome.runners_busy <= 1 + 1e-9
    assert outcome.lag == 0 or not waits
    again = simulate(times, runners, cores=cores, batch=200, waits=waits, updates=10)
    assert again == outcome, "the same seed, the same training"


@given(any_times(), st.integers(1, 12))
@settings(max_examples=30)
def test_more_cores_do_no_harm(times: Times, runners: int) -> None:
    few, many = (simulate(times, runners, cores=n, batch=200, waits=True, updates=10) for n in (1, runners + 1))
    assert many.steps_per_s >= few.steps_per_s * (1 - 1e-9)


def test_a_mix_slows_the_longest_episodes_only() -> None:
    times = replace(CONSTANT, episode_steps=np.full(10, 5.0), episode_seconds=np.arange(1.0, 11.0))
    assert times.mixed(0.2, 10).episode_seconds.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 90, 100]
    assert times.mixed(0.0, 10).episode_seconds.tolist() == times.episode_seconds.tolist()
    with pytest.raises(ValueError, match="share"):
        times.mixed(1.5, 2)


def test_times_that_mean_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="update: expected at least one duration"):
        replace(CONSTANT, update=np.array([]))
    with pytest.raises(ValueError, match=r"receive: .* none of them negative"):
        replace(CONSTANT, receive=-1.0)
    with pytest.raises(ValueError, match="runners from 0"):
        simulate(CONSTANT, -1, cores=1, batch=1, waits=True)
