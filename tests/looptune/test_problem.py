"""LoopTune's actions on worked examples, its mask, and its whole reachable space against an independent reading."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gymcc.envs.core.problem import IllegalAction
from gymcc.envs.looptune.actions import MAX_LOOPS
from gymcc.envs.looptune.backends.listing import same_code
from gymcc.envs.looptune.backends.size import MAX_INSTRUCTIONS, instructions
from gymcc.envs.looptune.env import make_problem
from gymcc.envs.looptune.instance import format_id
from gymcc.envs.looptune.problem import LoopTune
from gymcc.envs.looptune.state import LoopState

LOOPTUNE = make_problem("model")
EXTENDED = make_problem("model", "extended")
AVX2 = make_problem("model", isa="avx2")
Chain = tuple[tuple[str, int, int], ...]  # (dimension, size, tail) per loop


def after(instance: str, *names: str, problem: LoopTune = LOOPTUNE) -> LoopState:
    state = problem.initial(instance)
    for name in names:
        state = problem.apply(state, problem.parse(name))
    return state


def chain(state: LoopState) -> Chain:
    nest = state.nest
    return tuple((nest.contraction.dims[loop.dim], *nest.trips(index)) for index, loop in enumerate(nest.loops))


def why(problem: LoopTune, state: LoopState, name: str) -> str:
    return problem.why_illegal(state, problem.parse(name))


# Worked examples


def test_start() -> None:
    state = LOOPTUNE.initial("m64_n96_k128")
    assert chain(state) == (("m", 64, 0), ("k", 128, 0), ("n", 96, 0))
    assert (state.cursor, state.stopped) == (0, False)
    assert LOOPTUNE.n_actions == 7
    assert [LOOPTUNE.describe(action) for action in range(7)] == [
        *("up", "down", "swap_up", "swap_down"),
        *("split_4", "split_8", "split_16"),
    ]
    legal = [LOOPTUNE.describe(action) for action in range(7) if LOOPTUNE.legal(state)[action]]
    assert legal == ["down", "swap_down", "split_4", "split_8", "split_16"], "as measured on the original"


def test_up_and_down_move_the_cursor_alone() -> None:
    state = after("m64_n64_k64", "down")
    assert state == LoopState(LOOPTUNE.initial("m64_n64_k64").nest, 1)
    assert after("m64_n64_k64", "down", "up") == LOOPTUNE.initial("m64_n64_k64")
    assert why(LOOPTUNE, LOOPTUNE.initial("m64_n64_k64"), "up") == "the cursor is at the outermost loop"
    assert why(LOOPTUNE, after("m64_n64_k64", "down", "down"), "down") == "the cursor is at the innermost loop"


def test_swaps_take_the_cursor_along() -> None:
    state = after("m64_n96_k128", "swap_down")
    assert chain(state) == (("k", 128, 0), ("m", 64, 0), ("n", 96, 0))
    assert state.cursor == 1
    assert after("m64_n96_k128", "swap_down", "swap_up") == LOOPTUNE.initial("m64_n96_k128")
    assert why(LOOPTUNE, LOOPTUNE.initial("m64_n64_k64"), "swap_up") == "the cursor is at the outermost loop"
    assert why(LOOPTUNE, after("m64_n64_k64", "down", "down"), "swap_down") == "the cursor is at the innermost loop"


def test_swapping_loops_of_one_dimension_moves_the_cursor_alone() -> None:
    split = after("m64_n64_k64", "split_16")
    assert after("m64_n64_k64", "split_16", "swap_down") == LoopState(split.nest, 1)
    assert after("m64_n64_k64", "split_16", "down", "swap_up") == LoopState(split.nest, 0)


def test_split_leaves_a_tail_outside() -> None:
    state = after("m100_n64_k64", "split_16")
    assert chain(state)[:2] == (("m", 6, 4), ("m", 16, 0))
    assert state.cursor == 0, "on the outer part"
    assert chain(after("m100_n64_k64", "split_16", "down", "split_4"))[:3] == (("m", 6, 4), ("m", 4, 0), ("m", 4, 0))
    assert chain(after("m100_n64_k64", "split_16", "split_4"))[:3] == (("m", 1, 36), ("m", 4, 0), ("m", 16, 0))


def test_split_of_a_whole_loop_leaves_one_iteration_outside() -> None:
    assert chain(after("m16_n64_k64", "split_16"))[:2] == (("m", 1, 0), ("m", 16, 0))
    assert why(LOOPTUNE, LOOPTUNE.initial("m15_n64_k64"), "split_16") == "the loop has 15 iterations, fewer than 16"


def test_merge_folds_into_the_outer_loop() -> None:
    state = after("m100_n64_k64", "split_16", "down", "merge", problem=EXTENDED)
    assert state == EXTENDED.initial("m100_n64_k64"), "totals are recombined exactly"
    state = after("m100_n64_k64", "split_16", "down", "swap_down", "merge", problem=EXTENDED)
    assert chain(state) == (("m", 100, 0), ("k", 64, 0), ("n", 64, 0))
    assert state.cursor == 0, "where the outer loop was"
    state = after("m100_n64_k64", "split_16", "down", "split_4", "merge", problem=EXTENDED)
    assert chain(state)[:2] == (("m", 25, 0), ("m", 4, 0)), "100 over blocks of 4"
    assert why(EXTENDED, EXTENDED.initial("m100_n64_k64"), "merge") == "no outer loop over m to merge with"


def test_ten_loops_are_the_limit() -> None:
    loops = "m/64 m/16 m/4 m/1 k/64 k/16 k/4 k/1 n/1"
    nine = EXTENDED.decode(f"m256_n256_k256: {loops} @8")
    ten = EXTENDED.apply(nine, EXTENDED.parse("split_16"))
    assert len(ten.nest.loops) == MAX_LOOPS
    assert why(EXTENDED, ten, "split_2") == "the nest already has 10 loops"
    assert not why(EXTENDED, ten, "swap_up")


@pytest.mark.parametrize(
    ("before", "name", "expected"),
    [
        ("m/1 k/1u n/1 @1", "swap_up", "k/1u m/1 n/1 @0"),
        ("m/1 k/1u n/1 @0", "swap_down", "k/1u m/1 n/1 @1"),
        ("m/1 k/1u n/1 @1", "split_4", "m/1 k/4 k/1 n/1 @1"),
        ("m/1 k/4u n/16 k/1 n/1v @3", "merge", "m/1 k/1 n/16 n/1v @1"),
        ("m/1u k/1 n/1 @1", "split_8", "m/1u k/8 k/1 n/1 @1"),
    ],
)
def test_annotations_follow_swaps_and_go_with_splits(before: str, name: str, expected: str) -> None:
    state = EXTENDED.decode(f"m64_n64_k64: {before}")
    assert EXTENDED.encode(EXTENDED.apply(state, EXTENDED.parse(name))) == f"m64_n64_k64: {expected}"


def test_vectorize_lays_an_outer_n_loop_over_lanes() -> None:
    state = after("m8_n64_k64", "down", "down", "swap_up", problem=EXTENDED)  # m, n, k: scalar code
    vectorized = EXTENDED.apply(state, EXTENDED.parse("vectorize"))
    assert EXTENDED.encode(vectorized) == "m8_n64_k64: m/1 n/1v k/1 @1"
    assert EXTENDED.cost(vectorized) < EXTENDED.cost(state)
    for again in (vectorized, after("m8_n64_k64", "down", "down", problem=EXTENDED)):
        assert why(EXTENDED, again, "vectorize") == "vectorizing this loop changes no code"


def test_stop_ends_the_episode() -> None:
    state = after("m64_n64_k64", "stop", problem=EXTENDED)
    assert EXTENDED.is_terminal(state)
    assert not EXTENDED.legal(state).any()
    assert why(EXTENDED, state, "down") == "the episode has been stopped"
    assert EXTENDED.cost(state) == EXTENDED.cost(EXTENDED.initial("m64_n64_k64"))


def test_apply_refuses_with_the_action_and_the_reason() -> None:
    with pytest.raises(IllegalAction, match="up: the cursor is at the outermost loop"):
        LOOPTUNE.apply(LOOPTUNE.initial("m8_n8_k8"), 0)
    with pytest.raises(IllegalAction, match="there is no action 7; allowed: 0 to 6"):
        LOOPTUNE.apply(LOOPTUNE.initial("m8_n8_k8"), 7)


# The mask follows the vector width


@pytest.mark.parametrize(
    ("problem", "n", "legal"),
    [
        (LOOPTUNE, 64, {"split_16"}),
        (AVX2, 64, {"split_8", "split_16"}),
        (LOOPTUNE, 8, {"split_8"}),  # the part is the whole dimension
        (AVX2, 8, {"split_8"}),
        (LOOPTUNE, 100, {"split_16"}),
        (LOOPTUNE, 7, set()),
    ],
)
def test_splits_of_the_vectorised_loop(problem: LoopTune, n: int, legal: set[str]) -> None:
    state = after(f"m64_n{n}_k64", "down", "down", problem=problem)
    splits = ("split_4", "split_8", "split_16")
    assert {name for name in splits if not why(problem, state, name)} == legal
    if n == 64 and problem is LOOPTUNE:
        assert why(problem, state, "split_8") == "would lay an n loop of 8 over the 16 lanes of a vector"


def test_scalar_loops_may_be_split_as_one_likes() -> None:
    state = after("m64_n64_k64", "down", "down", "swap_up", "down")  # k innermost
    assert all(not why(LOOPTUNE, state, name) for name in ("split_4", "split_8", "split_16"))


# The reachable space, read independently from the specification


def split(nest: Chain, at: int, factor: int) -> Chain | None:
    """LoopTune's own arithmetic on sizes and tails, in place of our steps."""
    dim, size, tail = nest[at]
    inner = 1
    for other, inside, _ in nest[at + 1 :]:
        inner *= inside if other == dim else 1
    if size // factor < 1:
        return None
    outer, rest = divmod(size * inner + tail, factor * inner)
    return (*nest[:at], (dim, outer, rest), (dim, factor, 0), *nest[at + 1 :])


def moves(nest: Chain, cursor: int, fits: Callable[[Chain], bool]) -> Iterator[tuple[Chain, int]]:
    """What the 7 actions lead to."""
    for other in (cursor - 1, cursor + 1):
        if 0 <= other < len(nest):
            yield nest, other
            swapped = list(nest)
            if nest[cursor][0] != nest[other][0]:
                swapped[cursor], swapped[other] = nest[other], nest[cursor]
            if fits(tuple(swapped)) or tuple(swapped) == nest:
                yield tuple(swapped), other
    for factor in (4, 8, 16):
        parts = split(nest, cursor, factor)
        if parts is not None and fits(parts):
            yield parts, cursor


def reachable(start: Chain, depth: int, fits: Callable[[Chain], bool]) -> set[tuple[Chain, int]]:
    seen = layer = {(start, 0)}
    for _ in range(depth):
        layer = {following for nest, cursor in layer for following in moves(nest, cursor, fits)} - seen
        seen = seen | layer
    return seen


def reached(problem: LoopTune, instance: str, depth: int) -> set[LoopState]:
    seen = layer = {problem.initial(instance)}
    for _ in range(depth):
        layer = {problem.apply(s, a) for s in layer for a in range(7) if problem.legal(s)[a]} - seen
        seen = seen | layer
    return seen


@pytest.mark.parametrize(("problem", "lanes"), [(LOOPTUNE, 16), (AVX2, 8)])
@pytest.mark.parametrize(("m", "n", "k"), [(128, 128, 128), (100, 50, 37), (9, 8, 300)])
def test_reachable_states_are_those_of_the_specification(problem: LoopTune, lanes: int, m: int, n: int, k: int) -> None:
    def fits(nest: Chain) -> bool:
        dim, size, _ = nest[-1]
        return len(nest) <= 10 and (dim != "n" or size == n or size % lanes == 0)

    expected = reachable((("m", m, 0), ("k", k, 0), ("n", n, 0)), 5, fits)
    states = reached(problem, format_id(m, n, k), 5)
    assert {(chain(state), state.cursor) for state in states} == expected
    assert len(states) == len(expected), "no two states that look the same"


def test_size_of_the_space() -> None:
    """343 states at depth 4 as on the original, whose mask counts other nests: 202 there, 199 here."""
    states = reached(LOOPTUNE, "m128_n128_k128", 6)
    assert (len(reached(LOOPTUNE, "m128_n128_k128", 4)), len(states)) == (343, 3188)
    assert len({state.nest for state in states}) == 1664


# Annotated actions have an effect


@given(st.lists(st.integers(0, 17), max_size=12), st.sampled_from(["m64_n64_k64", "m33_n48_k17", "m7_n100_k3"]))
def test_legal_annotations_change_the_code_within_its_limit(choices: list[int], instance: str) -> None:
    state, target = EXTENDED.initial(instance), EXTENDED.backend.target
    for choice in choices:
        for name in ("unroll", "vectorize"):
            if not why(EXTENDED, state, name):
                marked = EXTENDED.apply(state, EXTENDED.parse(name))
                assert not same_code(state.nest, marked.nest, target)
        if EXTENDED.is_terminal(state):
            break
        legal = [action for action in range(EXTENDED.n_actions) if EXTENDED.legal(state)[action]]
        state = EXTENDED.apply(state, legal[choice % len(legal)])
        assert instructions(state.nest, target) <= MAX_INSTRUCTIONS


# Text


def test_shown_nest() -> None:
    assert LOOPTUNE.show(after("m100_n64_k64", "split_16", "down")).splitlines() == [
        "  for m in 6 r 4  [step 16]",
        ">   for m in 16  [step 1]",
        "      for k in 64  [step 1]",
        "        for n in 64  [step 1]",
        "          C += A * B",
    ]


def test_unknown_names() -> None:
    with pytest.raises(ValueError, match="unknown action 'split_5'; allowed: up, down, swap_up"):
        LOOPTUNE.parse("split_5")
    with pytest.raises(ValueError, match="unknown action_set 'x'; allowed: looptune, extended"):
        make_problem("model", "x")
    with pytest.raises(ValueError, match="unknown backend 'x'; allowed: native, model"):
        make_problem("x")
    with pytest.raises(ValueError, match="unknown isa 'x'; allowed: avx512, avx2"):
        make_problem("model", isa="x")
