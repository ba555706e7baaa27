"""Options as actions: their order, what is kept of too many, and what the mask says of those."""

from __future__ import annotations

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from gymcc.envs.nitta.moves import Moves

MOST = 8


@given(st.lists(st.tuples(st.integers(-5, 5), st.booleans()), max_size=20))
def test_the_best_scored_are_kept_in_nittas_order_and_masked_by_their_own_failures(drawn):
    options = [SimpleNamespace(score=float(score)) for score, _ in drawn]
    failing = frozenset(at for at, (_, fails) in enumerate(drawn) if fails)
    node = SimpleNamespace(options=options, failing=failing, failure=lambda at: "it fails" if at in failing else "")
    moves = Moves(node, MOST)
    assert moves.kept == sorted(moves.kept)
    assert len(moves.kept) == min(MOST, len(drawn))
    assert moves.left_out == len(drawn) - len(moves.kept)
    left = set(range(len(drawn))) - set(moves.kept)
    assert all(options[worse].score <= options[better].score for worse in left for better in moves.kept)
    assert list(moves.options) == [options[at] for at in moves.kept]
    assert [bool(legal) for legal in moves.legal] == [
        action < len(moves.kept) and moves.kept[action] not in failing for action in range(MOST)
    ]
    for action in range(MOST):
        assert (moves.why_illegal(action) == "") == moves.legal[action]
    assert "allowed: 0 to 7" in moves.why_illegal(MOST)
