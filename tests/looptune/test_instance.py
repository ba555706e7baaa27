"""Instance ids and encoded nests: one spelling each, and clear errors for everything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gymcc.envs.core.problem import UnknownInstance
from gymcc.envs.looptune.env import make_problem
from gymcc.envs.looptune.instance import MAX_EXTENT, format_id, parse

LOOPTUNE = make_problem("model")


@given(*[st.integers(1, MAX_EXTENT)] * 3)
def test_instances_read_back(m: int, n: int, k: int) -> None:
    contraction = parse(format_id(m, n, k))
    assert dict(zip(contraction.dims, contraction.extents, strict=True)) == {"m": m, "n": n, "k": k}
    assert contraction.flops == 2 * m * n * k


@given(st.from_regex(r"m\d+_n\d+_k\d+", fullmatch=True) | st.text())
def test_other_text_is_refused(text: str) -> None:
    try:
        contraction = parse(text)
    except UnknownInstance as error:
        assert "allowed: m<M>_n<N>_k<K>, each 1 to 4096" in str(error)  # noqa: PT017
    else:
        m, k, n = contraction.extents
        assert text == format_id(m, n, k), "one id per shape"


@pytest.mark.parametrize(
    "uri",
    [
        "looptune/mm-64-256-16/../m64_n64_k64",
        "looptune/mm-64-256-16/../../etc/passwd",
        "../looptune/mm-64-256-16/m64_n64_k64",
        "looptune/mm-64-256-16/m65_n64_k64",
        "looptune/mm-64-256-16//m64_n64_k64",
        "/m64_n64_k64",
        "looptune/mm-64-256-16/",
        "m64_n64_k64/",
        "m64_n64_k64\n",
        "m064_n64_k64",
        "m64_n64_k4097",
        "m6４_n64_k64",
        "",
    ],
)
def test_uris_cannot_leave_their_dataset(uri: str) -> None:
    with pytest.raises(UnknownInstance):
        LOOPTUNE.resolve(uri)


def test_uris_of_datasets_and_free_shapes() -> None:
    assert LOOPTUNE.resolve("looptune/mm-64-256-16/m64_n80_k96") == "m64_n80_k96"
    assert LOOPTUNE.resolve("m37_n53_k71") == "m37_n53_k71"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a loop nest"),
        ("m8_n8_k8: m/1 k/1 n/1", "not a loop nest"),
        ("m8_n8_k8: m/1 k/1 n/1 @3", "cursor 3 is outside the 3 loops"),
        ("m8_n8_k8: m/1 k/1 @0", "steps of n must go down to 1"),
        ("m8_n8_k8: m/3 m/2 m/1 k/1 n/1 @0", "steps of m must go down to 1, each a multiple of the next"),
        ("m8_n8_k8: m/0 k/1 n/1 @0", "not a loop: 'm/0'"),
        ("m8_n8_k8: m/1 k/1 x/1 @0", "not a loop: 'x/1'"),
        ("m8_n8_k8: m/1  k/1 n/1 @0", "not a loop: ''"),
        ("m0_n8_k8: m/1 k/1 n/1 @0", "unknown instance 'm0_n8_k8'"),
    ],
)
def test_malformed_nests_say_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LOOPTUNE.decode(text)
