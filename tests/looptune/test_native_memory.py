"""Executable memory is never writable, is given back, and survives forks and threads."""

from __future__ import annotations

import gc
import os
import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from gymcc.envs.looptune.backends.native import compile_nest, supported
from gymcc.envs.looptune.backends.native.arena import ARENA, PAGE, SEGMENT, Arena
from gymcc.envs.looptune.state import Loop, Nest, default_nest, matmul

if not supported():
    pytest.skip("this CPU has neither AVX-512 nor AVX2", allow_module_level=True)

RETURN = b"\xc3"


def protections(address: int) -> str:
    with open("/proc/self/maps") as maps:
        for line in maps:
            span, flags, *_ = line.split()
            low, high = (int(x, 16) for x in span.split("-"))
            if low <= address < high:
                return flags
    return "unmapped"


@pytest.mark.skipif(not os.path.exists("/proc/self/maps"), reason="needs Linux")
def test_no_page_is_writable_and_executable() -> None:
    arena = Arena()
    blocks = [arena.place(RETURN * size) for size in (1, PAGE, PAGE + 1, 3 * PAGE)]
    del blocks[1]
    blocks.append(arena.place(RETURN))
    assert {protections(block.address + block.size - 1) for block in blocks} == {"r-xp"}
    start = min(block.address for block in blocks)
    assert {protections(start + at) for at in range(0, SEGMENT, PAGE)} <= {"r-xp", "rw-p"}
    kernel = compile_nest(default_nest(matmul(8, 8, 8)))
    assert protections(kernel.address) == "r-xp"


@pytest.mark.skipif(not os.path.exists("/proc/self/maps"), reason="needs Linux")
def test_memory_goes_back() -> None:
    arena = Arena()
    blocks = [arena.place(RETURN * SEGMENT) for _ in range(3)]
    assert arena.mapped == arena.used == 3 * SEGMENT
    addresses = [block.address for block in blocks]
    blocks.clear()
    assert (arena.used, arena.mapped) == (0, SEGMENT)  # one empty segment is kept
    arena.close()
    assert arena.mapped == 0
    assert all("x" not in protections(address) for address in addresses)


def test_a_hundred_thousand_blocks_do_not_leak() -> None:
    arena, live, rng = Arena(), [], random.Random(0)
    for i in range(100_000):
        if len(live) == 50:
            live.pop(rng.randrange(50))
        live.append(arena.place(RETURN * rng.choice((1, 100, PAGE, 2 * PAGE + 5))))
        if i == 1000:
            settled = arena.mapped
    assert len({block.address for block in live}) == 50
    assert arena.mapped == settled <= 2 * SEGMENT
    live.clear()
    assert arena.used == 0


def test_dropped_kernels_free_their_code() -> None:
    gc.collect()
    before = ARENA.used
    kernels = [compile_nest(default_nest(matmul(n, n, n))) for n in range(1, 30)]
    assert ARENA.used - before == sum(-(-len(kernel.code) // PAGE) * PAGE for kernel in kernels)
    kernels.clear()
    gc.collect()
    assert ARENA.used == before


def test_code_larger_than_a_segment() -> None:
    arena = Arena()
    block = arena.place(RETURN * (SEGMENT + 1))
    assert block.size == SEGMENT + 1 <= arena.used


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_parent_and_child_do_not_share_code() -> None:
    kernel = compile_nest(default_nest(matmul(9, 9, 9)))
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:  # reuse the blocks freed below, with other code, then run the inherited kernel
        os.read(read_end, 1)
        try:
            kernel.check()
            compile_nest(default_nest(matmul(10, 9, 9))).check()
        except BaseException:
            os._exit(1)
        os._exit(0)
    address = kernel.address
    del kernel
    replacement = compile_nest(default_nest(matmul(8, 9, 9)))
    assert replacement.address == address
    os.write(write_end, b"x")
    assert os.waitpid(child, 0)[1] == 0
    replacement.check()


def test_threads_compile_and_run_at_once() -> None:
    def work(seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(40):
            m, n, k = (rng.randint(1, 60) for _ in range(3))
            order = rng.sample(range(3), 3)
            kernel = compile_nest(Nest(matmul(m, n, k), tuple(Loop(dim, 1) for dim in order)))
            c = np.zeros((m, n), np.float32)
            kernel(c, np.ones((m, k), np.float32), np.ones((k, n), np.float32))
            assert np.all(c == k)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(8)))
