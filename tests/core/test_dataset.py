"""Splits by hash: stable everywhere, whatever else is in the dataset."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gymcc.envs.core.dataset import Dataset
from gymcc.envs.looptune.dataset import MM_64_256_16, MM_OFF_GRID

GOLDEN_COUNTS = {"train": 1774, "validation": 227, "test": 196, "all": 2197}
GOLDEN_FIRST = ["m64_n64_k80", "m64_n80_k224", "m64_n64_k64"]
GOLDEN_CHECKSUM = "6831ca71d3ffb2f9e2ee3e415e5f32dc"
GOLDEN_OFF_GRID = "24dae6ccda348a49121c0fbc79fecfdc"


def test_golden_split_of_the_shipped_dataset() -> None:
    """These counts and members may never change: agents were trained on one part and judged on another."""
    assert len(MM_64_256_16) == 13**3
    counts = {part: len(MM_64_256_16.split(part)) for part in ("train", "validation", "test", "all")}
    assert counts == GOLDEN_COUNTS
    assert [MM_64_256_16.split(part)[0] for part in ("train", "validation", "test")] == GOLDEN_FIRST
    assert MM_64_256_16.checksum() == GOLDEN_CHECKSUM


def test_off_grid_is_for_testing_alone() -> None:
    assert (len(MM_OFF_GRID.split("train")), len(MM_OFF_GRID.split("test"))) == (0, len(MM_OFF_GRID))
    assert len(set(MM_OFF_GRID)) == len(MM_OFF_GRID) == 120
    assert not set(MM_OFF_GRID) & set(MM_64_256_16)
    assert MM_OFF_GRID.checksum() == GOLDEN_OFF_GRID


@given(st.lists(st.text(min_size=1), min_size=1, unique=True), st.integers(0, 5))
def test_split_is_a_partition_that_others_do_not_move(ids: list[str], seed: int) -> None:
    whole = Dataset("d", tuple(ids), "", "", seed=seed)
    parts = [whole.split(part) for part in ("train", "validation", "test")]
    assert sorted(sum(parts, ())) == sorted(ids)
    half = Dataset("d", tuple(ids[: len(ids) // 2 + 1]), "", "", seed=seed)
    assert all(half.split_of(one) == whole.split_of(one) for one in half)


def test_seeds_split_differently() -> None:
    ids = tuple(map(str, range(1000)))
    tests = [set(Dataset("d", ids, "", "", seed=seed).split("test")) for seed in (0, 1)]
    assert all(60 <= len(part) <= 140 for part in tests)
    assert tests[0] != tests[1]


def test_unknown_split() -> None:
    with pytest.raises(ValueError, match="unknown split 'dev'; allowed: train, validation, test, all"):
        MM_64_256_16.split("dev")
