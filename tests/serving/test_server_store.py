"""The keyspace in the process: its laws against a dictionary, what it drops at its bound, what expires."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gymcc.agents.serving.server import local
from gymcc.agents.serving.server.errors import CommandError
from gymcc.agents.serving.server.local import LocalStore
from gymcc.agents.serving.server.values import Tensor, from_array

KEYS = st.sampled_from([b"a", b"b", b"{d}.t", b"{d}.meta"])
WORDS = st.binary(max_size=5)
PAIRS = st.dictionaries(WORDS, WORDS, min_size=1, max_size=3)
STEPS = st.one_of(
    st.tuples(st.just("put"), KEYS, st.integers(1, 50)),
    st.tuples(st.just("delete"), st.lists(KEYS, max_size=3)),
    st.tuples(st.just("rename"), KEYS, KEYS),
    st.tuples(st.just("copy"), KEYS, KEYS, st.booleans()),
    st.tuples(st.just("hash_set"), KEYS, PAIRS),
    st.tuples(st.just("hash_delete"), KEYS, st.lists(WORDS, max_size=3)),
    st.tuples(st.just("push"), KEYS, st.lists(WORDS, min_size=1, max_size=3)),
    st.tuples(st.just("trim"), KEYS, st.integers(-3, 3), st.integers(-3, 3)),
    st.tuples(st.just("expire"), KEYS, st.sampled_from([None, 0.0, 4e9])),
)


def tensor(size: int) -> Tensor:
    return from_array(np.zeros(size, "u1"))


def done(coroutine):
    return asyncio.run(coroutine)


class Plain:
    """The same keyspace, spelled out: tensors are int, hashes dict, lists list."""

    def __init__(self):
        self.values = {}

    def put(self, key, size):
        if not isinstance(self.values.get(key, 0), int):
            raise TypeError
        self.values[key] = size

    def delete(self, keys):
        return sum(self.values.pop(key, None) is not None for key in keys)

    def rename(self, key, new):
        value = self.values.pop(key)
        self.values[new] = value

    def copy(self, key, new, replace):
        if key not in self.values or key == new or (new in self.values and not replace):
            return False
        value = self.values[key]
        self.values[new] = value if isinstance(value, int) else type(value)(value)
        return True

    def of(self, key, kind):
        value = self.values.get(key, kind())
        if type(value) is not kind:
            raise TypeError
        return value

    def keep(self, key, value):
        if value:
            self.values[key] = value
        else:
            self.values.pop(key, None)

    def hash_set(self, key, pairs):
        held = self.of(key, dict)
        new = len(pairs.keys() - held.keys())
        self.keep(key, {**held, **pairs})
        return new

    def hash_delete(self, key, fields):
        held = self.of(key, dict)
        self.keep(key, {name: value for name, value in held.items() if name not in fields})
        return len(held.keys() & set(fields))

    def push(self, key, elements):
        self.keep(key, self.of(key, list) + elements)
        return len(self.values[key])

    def trim(self, key, start, stop):
        held = self.of(key, list)
        n = len(held)
        first, last = (start + n if start < 0 else start), (stop + n if stop < 0 else stop)
        self.keep(key, [element for at, element in enumerate(held) if first <= at <= last])

    def expire(self, key, at):
        there = key in self.values
        if at == 0.0:
            self.values.pop(key, None)
        return there


async def replay(steps, memory=0):
    """The stores after the steps; each step gives the same result, or is refused by both."""
    store, plain = LocalStore(memory), Plain()
    for name, *args in steps:
        try:
            expected = getattr(plain, name)(*args)
        except (TypeError, KeyError):
            with pytest.raises(CommandError):
                await operation(store, name, args)
        else:
            assert await operation(store, name, args) == expected
    return store, plain


async def operation(store, name, args):
    if name == "put":
        args = [args[0], tensor(args[1])]
    return await getattr(store, name)(*args)


async def contents(store):
    found = {}
    for key in await store.keys():
        value = await store.get(key)
        found[key] = (
            value.layout.size if isinstance(value, Tensor) else getattr(value, "fields", None) or value.elements
        )
    return found


@settings(max_examples=150)
@given(st.lists(STEPS, max_size=20))
def test_every_operation_does_what_it_does_to_a_dictionary(steps):
    async def check():
        store, plain = await replay(steps)
        assert await contents(store) == plain.values
        for key in (b"a", b"b"):
            assert await store.exists([key, key]) == 2 * (key in plain.values)

    done(check())


@settings(max_examples=100)
@given(st.lists(STEPS, max_size=20))
@example([("hash_set", b"h", {b"a": b"1", b"b": b"22"}), ("hash_delete", b"h", [b"a", b"x"])])
def test_the_bytes_in_use_are_those_of_what_is_there(steps):
    """However it came to be there; and nothing is left once all is deleted."""

    async def check():
        store, _ = await replay(steps)
        fresh = LocalStore()
        for key, value, _ in await store.items():
            fresh._keep(key, value, None)
        assert store.used() == fresh.used()
        await store.delete(await store.keys())
        assert store.used() == 0

    done(check())


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from("gp"), st.integers(0, 9)), max_size=60))
def test_at_the_bound_the_tensors_not_used_for_longest_are_dropped(steps):
    size = tensor(1000).nbytes() + 1
    order: list[int] = []

    async def check():
        store = LocalStore(memory=3 * size)
        for what, i in steps:
            key = b"%d" % i
            if what == "p":
                await store.put(key, tensor(1000))
            assert (await store.get(key) is not None) == (what == "p" or i in order)
            if what == "p" or i in order:
                if i in order:
                    order.remove(i)
                order[:] = [*order, i][-3:]
            assert sorted(await store.keys()) == sorted(b"%d" % i for i in order)
            assert store.used() <= store.memory

    done(check())


def test_what_belongs_together_is_never_dropped_and_the_bound_is_an_error():
    async def check():
        store = LocalStore(memory=10_000)
        await store.put(b"{d}.t", tensor(6000))
        await store.hash_set(b"{d}.meta", {b"f": b"v"})
        await store.put(b"plain", tensor(2000))
        for coroutine in (
            store.put(b"more", tensor(6000)),
            store.push(b"l", [bytes(6000)]),
            store.hash_set(b"{d}.meta", {b"f": bytes(6000)}),
            store.hash_set(b"new", {b"f": bytes(6000)}),
        ):
            with pytest.raises(CommandError, match="OOM"):
                await coroutine
        assert sorted(await store.keys()) == [b"plain", b"{d}.meta", b"{d}.t"]
        assert await store.hash_all(b"{d}.meta") == {b"f": b"v"}
        await store.put(b"{e}.t", tensor(2500))
        assert sorted(await store.keys()) == [b"{d}.meta", b"{d}.t", b"{e}.t"]
        assert store.evicted == 1

    done(check())


def test_a_tensor_that_grows_is_not_dropped_to_make_room_for_itself():
    async def check():
        store = LocalStore(memory=5000)
        for key in (b"a", b"b"):
            await store.put(key, tensor(2000))
        await store.put(b"a", tensor(3500))
        assert await store.keys() == [b"a"]
        assert store.used() == tensor(3500).nbytes() + 1

    done(check())


def test_without_eviction_the_bound_is_an_error_at_once():
    async def check():
        store = LocalStore(memory=5000, evict=False)
        await store.put(b"a", tensor(3000))
        with pytest.raises(CommandError, match="OOM"):
            await store.put(b"b", tensor(3000))
        await store.put(b"a", tensor(4000))
        assert await store.keys() == [b"a"]

    done(check())


def test_plain_tensors_live_as_long_as_they_may(monkeypatch):
    now = 1000.0
    monkeypatch.setattr(local.time, "time", lambda: now)
    store = LocalStore(tensor_ttl=10)

    async def check():
        nonlocal now
        await store.put(b"a", tensor(1))
        await store.put(b"{d}.t", tensor(1))
        now += 8
        await store.put(b"b", tensor(1))
        assert len(await store.keys()) == 3
        now += 3
        assert await store.get(b"a") is None
        assert sorted(await store.keys()) == [b"b", b"{d}.t"]
        now += 10
        store.sweep()
        assert list(store._values) == [b"{d}.t"]
        assert store.expired == 2

    done(check())


def test_sweeps_come_by_every_key_though_each_looks_at_some(monkeypatch):
    monkeypatch.setattr(local, "SWEPT", 10)

    async def check():
        store, soon = LocalStore(), time.time() + 0.05
        for i in range(95):
            await store.put(b"%d" % i, tensor(1))
            await store.expire(b"%d" % i, 4e9 if i % 2 else soon)
        time.sleep(0.06)
        for _ in range(12):
            store.sweep()
        assert len(store._values) == 47

    done(check())
