"""Kernels of the native back end equal numpy, refuse wrong arrays, and a wrong one does not pass its check."""

from __future__ import annotations

import itertools
import math
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.envs.looptune.backends.native import (
    CompileError,
    Kernel,
    UnsupportedCPU,
    WrongKernel,
    compile_nest,
    detect,
    require,
    supported,
)
from gymcc.envs.looptune.backends.native.arena import ARENA
from gymcc.envs.looptune.backends.native.codegen import machine_code
from gymcc.envs.looptune.backends.native.operands import update
from gymcc.envs.looptune.backends.size import MAX_INSTRUCTIONS, instructions
from gymcc.envs.looptune.backends.walk import TARGETS, Target
from gymcc.envs.looptune.state import Contraction, Loop, Nest, default_nest, matmul

M, K, N = 0, 1, 2
if not supported():
    pytest.skip("this CPU has neither AVX-512 nor AVX2", allow_module_level=True)
on_each_isa = pytest.mark.parametrize("target", supported(), ids=lambda target: target.name)


@st.composite
def nests(draw: st.DrawFn, contractions: st.SearchStrategy[Contraction]) -> Nest:
    """Up to two splits per dimension, loops in any order, any annotations."""
    contraction = draw(contractions)
    steps = [
        list(
            itertools.accumulate(draw(st.lists(st.sampled_from((2, 3, 4, 8, 16)), max_size=2)), int.__mul__, initial=1)
        )
        for _ in contraction.dims
    ]
    order = draw(st.permutations([dim for dim, own in enumerate(steps) for _ in own]))
    flags = st.sampled_from((False, False, False, True))
    return Nest(contraction, tuple(Loop(dim, steps[dim].pop(), draw(flags), draw(flags)) for dim in order))


def small_matmuls() -> st.SearchStrategy[Contraction]:
    sizes = st.integers(1, 97)
    return st.builds(matmul, sizes, sizes, sizes)


def transposed(m: int, n: int, k: int) -> Contraction:
    """``C[m,n] += A[k,m] * B[k,n]``."""
    return Contraction("tn", ("m", "k", "n"), (m, k, n), (n, 0, 1), (1, m, 0), (0, n, 1))


def batched(b: int, m: int, n: int, k: int) -> Contraction:
    return Contraction("bmm", ("b", "m", "k", "n"), (b, m, k, n), (m * n, n, 0, 1), (m * k, k, 1, 0), (k * n, 0, n, 1))


def convolution(ic: int, oc: int, size: int, window: int) -> Contraction:
    """``O[y,x,o] += I[y+i,x+j,c] * W[i,j,c,o]``: two dimensions of I share a stride, four are reductions."""
    out, row = size - window + 1, size * ic
    return Contraction(
        "conv",
        ("y", "x", "i", "j", "c", "o"),
        (out, out, window, window, ic, oc),
        (out * oc, oc, 0, 0, 0, 1),
        (row, ic, row, ic, 1, 0),
        (0, 0, window * ic * oc, ic * oc, oc, 1),
    )


def elementwise(m: int, n: int, k: int) -> Contraction:
    """``C[m,n] += A[k,m,n] * B[k,n]``: both operands are vectors along n."""
    return Contraction("ew", ("m", "k", "n"), (m, k, n), (n, 0, 1), (n, m * n, 1), (0, n, 1))


def others() -> st.SearchStrategy[Contraction]:
    sizes = st.integers(1, 40)
    return st.one_of(
        st.builds(transposed, sizes, sizes, sizes),
        st.builds(elementwise, sizes, sizes, sizes),
        st.builds(batched, st.integers(1, 4), *[st.integers(1, 20)] * 3),
        st.builds(convolution, st.integers(1, 8), st.integers(1, 40), st.integers(3, 9), st.integers(1, 3)),
    )


def compiled(nest: Nest, target: Target) -> Kernel | None:
    """The kernel, or None if the nest is legitimately too large."""
    if instructions(nest, target) > MAX_INSTRUCTIONS:
        with pytest.raises(CompileError, match="unroll less"):
            compile_nest(nest, target)
        return None
    return compile_nest(nest, target)


@on_each_isa
@given(nest=nests(small_matmuls()), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=150)
def test_any_nest_equals_numpy(target: Target, nest: Nest, seed: int) -> None:
    kernel = compiled(nest, target)
    if kernel is None:
        return
    kernel.check(seed)
    m, k, n = nest.contraction.extents
    rng = np.random.default_rng(seed)
    a, b, c = (rng.standard_normal(shape, dtype=np.float32) for shape in ((m, k), (k, n), (m, n)))
    exact = c + a.astype(np.float64) @ b.astype(np.float64)
    # Each of the k fused steps rounds once, relative to a partial sum of at most |C| + |A||B|.
    bound = (k + 1) * 2.0**-24 * (np.abs(c) + np.abs(a).astype(np.float64) @ np.abs(b)) * 1.01
    kernel(c, a, b)
    assert np.all(np.abs(c - exact) <= bound)


@on_each_isa
@given(nest=nests(others()))
@settings(deadline=None, max_examples=100)
def test_any_other_contraction_equals_numpy(target: Target, nest: Nest) -> None:
    kernel = compiled(nest, target)
    if kernel is not None:
        kernel.check()


def test_the_oracle_itself() -> None:
    """`update` against plain loops, on the contraction that is hardest to view: a convolution."""
    contraction = convolution(2, 3, 4, 2)
    rng = np.random.default_rng(1)
    c, a, b = (rng.integers(-5, 5, size).astype(np.float32) for size in contraction.sizes())
    expected = c.astype(np.float64)
    for point in itertools.product(*map(range, contraction.extents)):
        ic, ia, ib = (math.sumprod(point, s) if hasattr(math, "sumprod") else int(np.dot(point, s))
                      for s in contraction.strides)  # fmt: skip
        expected[ic] += a[ia] * b[ib]
    assert np.array_equal(update(contraction, c, a, b), expected)


@on_each_isa
@pytest.mark.parametrize("unroll", [1, 97])
def test_deep_nests_and_unrolled_tiles(target: Target, unroll: int) -> None:
    steps = [64, 32, 16, 8, 4, 2, 1]
    loops = [Loop(dim, step, unroll=step * unroll == 97 and dim == K) for step in steps for dim in (N, M, K)]
    compile_nest(Nest(matmul(97, 90, 95), tuple(loops)), target).check()


@on_each_isa
def test_too_much_code_is_refused(target: Target) -> None:
    loops = tuple(Loop(dim, 1, unroll=True) for dim in (M, K, N))
    with pytest.raises(CompileError, match="unroll less"):
        compile_nest(Nest(matmul(256, 256, 256), loops), target)


@on_each_isa
@pytest.mark.parametrize("vectors", [0, 1, 3])
def test_wrong_code_does_not_pass_the_check(target: Target, vectors: int) -> None:
    nest = Nest(matmul(13, 16 * vectors + 5, 21), (Loop(M, 1), Loop(K, 1), Loop(N, 1)))
    right = machine_code(nest, target)
    Kernel(nest, target, ARENA.place(right)).check()
    negating = re.sub(rb"(\x62..[\x40-\x5f]|\xc4..)\xb8", lambda m: m[0][:-1] + b"\xbc", right, count=1, flags=re.S)
    assert negating != right
    other = machine_code(default_nest(matmul(13, 16 * vectors + 5, 20)), target)
    overrun = machine_code(default_nest(matmul(14, 16 * vectors + 5, 21)), target)
    for code in (negating, other, overrun, right[-4:]):
        with pytest.raises(WrongKernel, match="differ from numpy"):
            Kernel(nest, target, ARENA.place(code)).check()


@pytest.fixture(scope="module")
def kernel() -> Kernel:
    return compile_nest(default_nest(matmul(5, 7, 6)))


def good() -> list[np.ndarray]:
    return [np.ones(shape, np.float32) for shape in ((5, 7), (5, 6), (6, 7))]


def test_right_arrays_are_accepted(kernel: Kernel) -> None:
    c, a, b = good()
    kernel(c, a, b)
    assert np.array_equal(c, np.full((5, 7), 7.0))
    square = compile_nest(default_nest(matmul(4, 4, 4)))
    x, y = np.eye(4, dtype=np.float32), np.zeros((4, 4), np.float32)
    square(y, x, x)  # A and B may be the same array
    assert np.array_equal(y, x)


@pytest.mark.parametrize("operand", [0, 1, 2])
@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda x: x.astype(np.float64), TypeError),
        (lambda x: x.astype(">f4"), TypeError),
        (lambda x: x.tolist(), TypeError),
        (lambda x: x.T, ValueError),
        (lambda x: x.ravel(), ValueError),
        (lambda x: x[:-1], ValueError),
        (lambda x: np.asfortranarray(x), ValueError),
        (lambda x: np.repeat(x, 2, axis=1)[:, ::2], ValueError),
        (lambda x: np.broadcast_to(np.float32(1), x.shape), ValueError),
    ],
)
def test_wrong_arrays_are_refused(kernel: Kernel, operand: int, spoil, error: type[Exception]) -> None:
    arrays = good()
    arrays[operand] = spoil(arrays[operand])
    with pytest.raises(error, match="^" + "CAB"[operand] + " must"):
        kernel(*arrays)


def test_read_only_or_overlapping_output_is_refused(kernel: Kernel) -> None:
    c, a, b = good()
    c.flags.writeable = False
    with pytest.raises(ValueError, match="writeable"):
        kernel(c, a, b)
    memory = np.ones(100, np.float32)
    for other in (1, 2):
        arrays = good()
        arrays[0] = memory[:35].reshape(5, 7)
        arrays[other] = memory[34 : 34 + arrays[other].size].reshape(arrays[other].shape)
        with pytest.raises(ValueError, match="overlap"):
            kernel(*arrays)


OUT_OF_BOUNDS = """
import ctypes, mmap, random, sys
import numpy as np
from gymcc.envs.looptune.backends.native import compile_nest
from gymcc.envs.looptune.backends.walk import TARGETS
from gymcc.envs.looptune.state import Loop, Nest, matmul

PAGE = mmap.PAGESIZE
protect = ctypes.CDLL(None).mprotect
protect.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int

def fenced(shape, at_end):
    size = int(np.prod(shape)) * 4
    body = -(-size // PAGE) * PAGE
    whole = np.frombuffer(mmap.mmap(-1, body + 2 * PAGE), np.uint8)
    start = whole.ctypes.data
    for fence in (start, start + PAGE + body):
        assert protect(fence, PAGE, 0) == 0
    first = PAGE + (body - size if at_end else 0)
    return whole[first : first + size].view(np.float32).reshape(shape)

rng = random.Random(0)
for trial in range(60):
    m, n, k = (rng.randint(1, 50) for _ in range(3))
    loops = [Loop(0, 4), Loop(2, 16), Loop(1, 3), Loop(0, 1), Loop(1, 1), Loop(2, 1)]
    if trial % 3 == 0:
        loops = [Loop(d, 1) for d in rng.sample(range(3), 3)]
    c, a, b = (fenced(shape, trial % 2) for shape in ((m, n), (m, k), (k, n)))
    a[:], b[:] = rng.random(), rng.random()
    compile_nest(Nest(matmul(m, n, k), tuple(loops)), TARGETS[sys.argv[1]])(c, a, b)
    assert np.allclose(c, a @ b)
print("in bounds")
"""


@on_each_isa
def test_nothing_is_touched_outside_the_arrays(target: Target) -> None:
    """Operands fenced by inaccessible pages: a stray access kills the child process."""
    command = [sys.executable, "-c", OUT_OF_BOUNDS, target.name]
    child = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (child.returncode, child.stdout.strip()) == (0, "in bounds"), child.stderr


def test_isa_can_be_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    for target in supported():
        monkeypatch.setenv("GYMCC_ISA", target.name)
        assert detect() == require() == target
        assert compile_nest(default_nest(matmul(3, 3, 3))).target == target
    monkeypatch.setenv("GYMCC_ISA", "none")
    assert detect() is None
    with pytest.raises(UnsupportedCPU, match="backend='model'"):
        compile_nest(default_nest(matmul(3, 3, 3)))
    monkeypatch.setenv("GYMCC_ISA", "sse2")
    with pytest.raises(ValueError, match="avx512, avx2 and none"):
        detect()
    monkeypatch.delenv("GYMCC_ISA")
    assert detect() == supported()[0]


def test_a_missing_isa_cannot_be_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gymcc.envs.looptune.backends.native.cpu.supported", lambda: ())
    for name in TARGETS:
        monkeypatch.setenv("GYMCC_ISA", name)
        with pytest.raises(UnsupportedCPU, match=name):
            detect()
    monkeypatch.delenv("GYMCC_ISA")
    assert detect() is None


@pytest.mark.skipif(not os.path.exists("/proc/cpuinfo"), reason="needs Linux")
def test_detection_agrees_with_the_kernel() -> None:
    with open("/proc/cpuinfo") as file:
        flags = set(next(line for line in file if line.startswith("flags")).split())
    assert [t.name for t in supported()] == [
        name for name, needs in (("avx512", {"avx512f"}), ("avx2", {"avx2", "fma"})) if needs <= flags
    ]
