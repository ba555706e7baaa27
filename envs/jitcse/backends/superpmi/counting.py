"""How many methods a collection has: superpmi does not say, but ends when asked for one too many."""

from __future__ import annotations

from collections.abc import Callable

from gymcc.envs.core.toolchain import ToolDied
from gymcc.envs.jitcse.backends.superpmi.client import Client
from gymcc.envs.jitcse.backends.superpmi.corpus import Corpus
from gymcc.envs.jitcse.backends.superpmi.errors import BadCorpus, MethodFailed, Unanswered

GENERAL_FAILURE = 1  # superpmi's exit status for a method that is not there
NEIGHBOURS = 3  # where superpmi crashes over a method, the next ones tell whether it was there


def count(corpus: Corpus, seconds: float) -> int:
    """The number of methods in the collection. Raises :class:`BadCorpus` if it has none."""
    client = Client(corpus, seconds, retries=0)
    try:
        total = last_true(lambda index: _exists(client, index))
    finally:
        client.close()
    if not total:
        raise BadCorpus(f"superpmi finds no method in the collection {corpus.collection}; is it complete?")
    return total


def last_true(holds: Callable[[int], bool]) -> int:
    """The last number from 1 for which ``holds``, which does not hold again once it does not; 0 if there is none."""
    low, high = 0, 1
    while holds(high):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _exists(client: Client, index: int) -> bool:
    """Whether a method, or the next one after crashes, is there."""
    told = (_tried(client, each) for each in range(index, index + NEIGHBOURS))
    return next((each for each in told if each is not None), False)


def _tried(client: Client, index: int) -> bool | None:
    """Whether a method is there; None if superpmi crashes, so that one cannot know."""
    try:
        client.stock(index)
    except MethodFailed:
        return True
    except Unanswered as error:
        if not isinstance(error.__cause__, ToolDied):
            return True
        return False if error.__cause__.status == GENERAL_FAILURE else None
    return True
