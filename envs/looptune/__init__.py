"""# LoopTune: order and split the loops of a matrix multiplication so that it runs fast

**Description.** A loop nest computes `C[m,n] += A[m,k] * B[k,n]` in float32. A cursor stands at one of its loops; the
agent moves it, exchanges neighbouring loops and splits loops into blocks. How fast the nest runs is decided by whether
it ends in a tile of C that fits the vector registers over the whole of k, and by what stays in the caches. The problem
is LoopTune's (Grubisic et al., arXiv 2309.01825); the code generator is our own and compiles a nest in under a
millisecond.

**State.** `LoopState`: the nest, a tuple of `(dimension, step)` pairs from which sizes and tails follow, and the
cursor. Start: loops m, k, n, cursor at m. Frozen and hashable; `state.nest` can be compiled:
`gymcc.envs.looptune.compile(state.nest)` is a kernel for numpy arrays.

**Actions.** `Discrete(7)`: 0 up, 1 down, 2 swap_up, 3 swap_down, 4 split_4, 5 split_8, 6 split_16. With
`action_set="extended"` also split_2, 32, 64, ..., 1024, merge, unroll, vectorize and stop. Effects and when each is
illegal: `gymcc/envs/looptune/actions.py`. The mask follows the vector width of the machine the back end compiles for.

**Observations.** `default` float32 (251,), see `Schedule` in `observations/default.py`; and by name `runtime`,
`flops`, `ir`, `loop_tree`, `ir_tree_networkx`, `ir_graph_networkx`, `loops_tensor` (10, 20), `stride_tensor` (32,),
`5_prev_actions_tensor`.

**Reward.** Default `log_speedup`: the natural logarithm of the cost before over the cost after each step, so that an
episode's rewards sum to the logarithm of its speed-up. `bound_share` is the original's GFLOPS difference over peak.

**Episode end.** Truncated after 10 steps; terminated by `stop`, where that is an action.

**Cost.** Seconds per execution. `backend="native"` (default of `looptune-mm-v0`): machine code for AVX-512 or AVX2,
checked once against numpy, then timed against interleaved reference loops. `backend="model"`: deterministic seconds of
a nominal machine; nothing runs. `bound`: floating-point operations over peak.

**Instances.** `looptune/mm-64-256-16` (2,197 shapes, split by hash), `looptune/mm-mixed` (these and 2,000 shapes with
extents from 16 to 512, to train on), `looptune/mm-off-grid` (120 shapes never trained on), and any `m<M>_n<N>_k<K>` up
to 4096.

**Version history.** v0: first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gymcc.envs.looptune.backends.native import Kernel
    from gymcc.envs.looptune.state import Nest


def compile(nest: Nest, isa: str = "") -> Kernel:
    """Machine code for a loop nest, as a function of numpy arrays: ``compile(nest)(c, a, b)`` does ``C += A * B``.

    ``isa``: ``avx512`` or ``avx2``, empty for the best one here. Raises ``UnsupportedCPU`` on a processor with neither,
    ``CompileError`` for a nest beyond the generator's limits; the kernel raises TypeError or ValueError on arrays that
    do not fit its contraction.
    """
    from gymcc.envs.core.choices import choose
    from gymcc.envs.looptune.backends.native import compile_nest
    from gymcc.envs.looptune.backends.walk import TARGETS

    return compile_nest(nest, choose(TARGETS, isa, "isa") if isa else None)
