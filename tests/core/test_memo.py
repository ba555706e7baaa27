"""The bounded memo, and the problem's use of it."""

from __future__ import annotations

import pickle

from gymcc.envs.core.memo import Memo
from tests.core.bag import INSTANCES, Bag, Filling


def test_forgets_what_was_used_least_recently() -> None:
    memo: Memo[str, int] = Memo(2)
    memo.put("a", 1)
    memo.put("b", 2)
    assert memo.get("a") == 1
    memo.put("c", 3)
    assert (memo.get("a"), memo.get("b"), memo.get("c")) == (1, None, 3)
    assert (len(memo), memo.misses) == (2, 3)


def test_putting_again_drops_nothing_else() -> None:
    memo: Memo[str, int] = Memo(2)
    for key, value in (("a", 1), ("b", 2), ("b", 3)):
        memo.put(key, value)
    assert (memo.get("a"), memo.get("b")) == (1, 3)


def test_is_pickled_empty() -> None:
    memo: Memo[str, int] = Memo(2)
    memo.put("a", 1)
    copy = pickle.loads(pickle.dumps(memo))
    assert (len(copy), copy.misses, copy.entries) == (0, 0, 2)


def test_equal_keys_share_one_evaluation() -> None:
    problem = Filling()
    assert problem.cost(Bag(INSTANCES[0], (1,))) == problem.cost(Bag(INSTANCES[0], (1,), closed=True))
    assert problem.memo.misses == 1
    assert problem.fresh().memo.misses == 0
    assert type(problem.fresh()) is Filling
