"""The range syntax and what is generated with it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gymcc.envs.looptune.dataset import DATASETS, MM_64_256_16, MM_MIXED, MM_OFF_GRID, matmuls, parse_range
from gymcc.envs.looptune.instance import MAX_EXTENT, parse


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("7", (7,)),
        ("2:5", (2, 3, 4, 5)),
        ("64:128:16", (64, 80, 96, 112, 128)),
        ("64:127:16", (64, 80, 96, 112)),
        ("3|5|4", (3, 5, 4)),
        ("9:9", (9,)),
        ("4096", (4096,)),
    ],
)
def test_ranges(text: str, values: tuple[int, ...]) -> None:
    assert parse_range(text) == values


@pytest.mark.parametrize(
    "text",
    ["", "x", "0", "-1", "4097", "5:4", "1:2:3:4", "1:2:0", "1:", ":2", "1|", "1|1", "1:2|3", "1.5", "9:5:-1"],
)
def test_bad_ranges_say_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match=r"bad range .*; allowed: N, a:b, a:b:step \(b inclusive\) or a\|b\|c"):
        parse_range(text)


@given(st.integers(1, MAX_EXTENT), st.integers(0, 300), st.integers(1, 50))
def test_ranges_include_their_end(start: int, length: int, step: int) -> None:
    stop = min(start + length, MAX_EXTENT)
    values = parse_range(f"{start}:{stop}:{step}")
    assert values == tuple(range(start, stop + 1, step))
    assert (stop in values) == ((stop - start) % step == 0)


@given(st.text(alphabet="0123456789:|-_ ,x", max_size=12))
def test_any_text_is_a_range_or_a_clear_error(text: str) -> None:
    try:
        values = parse_range(text)
    except ValueError as error:
        assert str(error).startswith(f"bad range {text!r}")  # noqa: PT017
    else:
        assert values
        assert all(1 <= value <= MAX_EXTENT for value in values)


def test_products() -> None:
    assert matmuls("2,3|4", "3|4,5:6") == ("m2_n5_k3", "m2_n5_k4", "m2_n6_k3", "m2_n6_k4")
    with pytest.raises(ValueError, match="mm needs two dimensions each"):
        matmuls("2", "3,4")
    with pytest.raises(ValueError, match="are one loop and must agree"):
        matmuls("2,3", "4,5")


def test_shipped_instances_are_shapes() -> None:
    for dataset in DATASETS.values():
        assert all(max(parse(instance).extents) <= 512 for instance in dataset)
    assert {extent for instance in MM_64_256_16 for extent in parse(instance).extents} == set(range(64, 257, 16))


def test_what_is_evaluated_on_is_never_trained_on() -> None:
    held_out = {*MM_OFF_GRID, *MM_64_256_16.split("test"), *MM_64_256_16.split("validation")}
    assert not held_out & set(MM_MIXED.split("train"))
    assert set(MM_64_256_16.split("train")) < set(MM_MIXED.split("train"))
