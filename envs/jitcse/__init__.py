"""JIT CSE: which common subexpressions a .NET-like JIT keeps in a temporary, method by method.

**Problem.** A JIT compiler finds trees of a method that compute the same value (candidates). Keeping one in a temporary
saves computing it again, but the temporary wants a register: with too many, others are spilled, and one that lives
across a call needs a register that the prolog must save. Which set is cheapest? Rules, features and costs are those of
RyuJIT (dotnet/runtime, optcse.cpp); the default compiler is our own JIT of the same design, embedded and deterministic.

**State.** The method and the set of candidates kept so far, frozen and hashable; in which order they were chosen makes
no difference.

**Action.** `Discrete(max_candidates + 1)`: `cse_i` keeps candidate i; `stop`, the last, is always legal. The mask says
which candidates there are, are viable and not kept yet. `max_candidates` is 16 (default) to 64.
`jitcse-set-v0` decides at once: `MultiBinary(max_candidates)`.

**Observation.** `default` (= `candidates`): float32 `(max_candidates + 1, 44)`, a row per action: RyuJIT's 19 RLHook
features and the 13 of its 2026 branch, normalised by kind, what is legal and kept; the last row describes the method.
`jitml` (16 x 22) and `mlcse` (17 x 25) are those of the originals. See `gymcc info jitcse-v0`.

**Cost.** PerfScore, RyuJIT's expected cycles per call of the method, lower is better (`size_weight` adds bytes of
code). `env.unwrapped.problem.score(state)` gives PerfScore, size and instruction count. `info` adds `heuristic_cost`
(the stock heuristic), `none_cost`, `best_known_cost` and `best_proven`.

**Reward.** `log_speedup` by default; `relative_decrease` is jitml's 5 * (before - after) / before;
`terminal_log_vs_heuristic` pays at the end. **Termination**: `stop`.

**Back ends.** `backend="embedded"`: linear scan over the registers of `arch` (`x64`, `x64-windows`, `arm64`), about
0.1 ms an evaluation. `backend="llvm"` (`pip install 'gymcc[llvm]'`): the same methods and choices as real x86-64 code,
nothing merged behind the agent's back. Gains on one are not gains on the other: LLVM's register allocator splits live
ranges and hides most of the pressure that makes the choice hard, and sets that are best for the embedded JIT do not
beat the stock heuristic there. Neither PerfScore is a run time.

**Instances.** `jitcse/python-stdlib`: functions of Python's standard library with 3 to 16 candidates, lowered as C#
would be; `jitcse/python-stdlib-all`: those with any; `jitcse/generated`: seeded methods without end (`gen/<seed>`).
`gymcc generate jitcse` makes others from Python sources or seeds.

**How it compares with RyuJIT.** The stock heuristic is the best choice for 87, 78, 74, 67 and 63 % of the frozen
methods with 1 to 5 candidates; published of RyuJIT: 87, 77, 68, 59 and 51 %. It leaves 1.2 % of PerfScore over all of
them (published 0.5 to 1.2 %) and 2.1 % over those with 3 to 16 (`gymcc info jitcse-v0 --dataset
jitcse/python-stdlib-all` computes it on a sample). This is no blind prediction. The first frozen set gave 70, 51, 46,
29 and 29 %, nearly all of it addresses of types and texts that the heuristic kept across calls. It was then revised,
each time by a rule of C# or RyuJIT and without a number to tune: an address costs 2 and not 3 (gentree.cpp), which
alone gave 81, 66, 62, 51 and 48 %; texts, constants, tuples and collections are lowered as C# has them (86, 73, 68, 60
and 58 %); and what is hoisted must find a register (optIsProfitableToHoistTree). Two of five candidates are still
addresses, probably more than C# has, and static readonly objects are loaded again after calls.

**Learning.** On five splits of the frozen methods the imitation of the best sets (configs/jitcse-cloning.yaml) has
0.981 (0.979 to 0.984) of the stock heuristic's PerfScore and 92 % of the head-room, RyuJIT's linear policy 0.985 and
74 %. The table and the commands: docs/jitcse.md. Two choices in it were made on the validation splits of two of them
(their test methods were looked at as well): to learn from all methods, not only those with 3 to 16 candidates, and to
weigh each decision by what the opposite would cost; before, it was 0.984 (0.981 to 0.987) and 76 %.

**Version history.** v0: first.
"""
