"""How many methods a collection has: superpmi does not say, but ends when asked for one too many."""

from __future__ import annotations

from collections.abc import Callable

from gymcc.envs.core.toolchain import ToolDied
from gymcc.envs.jitcse.backends.superpmi.client import Client
from gymcc.envs.jitcse.backends.superpmi.corpus import Corpus
from gymcc.envs.jitcse.backends.superpmi.errors import BadCorpus, MethodFailed, Unanswered

NEIGHBOURS = 3  # a method over which superpmi crashes is not taken for the end if one of the next is answered


def count(corpus: Corpus, seconds: float) -> int:
    """The number of methods in the collection. Raises :class:`BadCorpus` if it has none."""
    client = Client(corpus, seconds, retries=0)
    try:
        total = last_true(lambda index: any(_exists(client, each) for each in range(index, index + NEIGHBOURS)))
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
    try:
        client.stock(index)
    except MethodFailed:
        return True
    except Unanswered as error:
        return not isinstance(error.__cause__, ToolDied)
    return True
