"""NITTA synthesis: how a program runs on a reconfigurable processor, decision by decision.

**Problem.** NITTA (ryukzak/nitta) maps an algorithm in a subset of Lua, repeated for ever, onto processing units that
share one bus: memories, an accumulator, a multiplier, a divider and so on. Synthesis walks a tree: which function to
bind to which unit, which value to put on the bus next, which refactoring to apply, until every value has been
transferred. A shorter schedule is a faster program; a dead end is none at all.

**State.** A node of the synthesis tree, `-0-4-7` in NITTA's notation: functions waiting, units with what is bound and
how far their schedules have come, the bus. Frozen and hashable; nodes from which the same is left to decide are
equal.

**Action.** `Discrete(max_options)`, 32, 64 (default) or 128: `option_i` takes the i-th option of the node, in NITTA's
order; of more the best-scored are kept and `info["options_left_out"]` says how many were not. The mask says which
there are and NITTA can evaluate. `group_binds` = `nitta` (default), `obvious` or `off`.

**Observation.** `default` (= `options`): float32 `(max_options + 1, 46)`, a row per option: kind, NITTA's metrics and
score; the last row describes the state. `lookahead=True` adds where each option leads. `graph`: the algorithm with
what is bound where, for networkx. See `gymcc info nitta-synthesis-v0`.

**Cost.** The process duration in ticks, lower is better. What is not a complete schedule costs 10 ticks for each
variable of the program more, plus ticks passed and variables left: a transfer that wastes no tick costs nothing.
`info` adds `heuristic_cost` (NITTA's stateOfTheArt), `best_known_cost`, `best_proven`, `duration` and `complete`.

**Reward.** `log_speedup` by default; `cost_decrease` is -(ticks and failure) over the start's cost and telescopes;
`terminal_log_vs_heuristic` pays the logarithm of stateOfTheArt's duration over ours at the end. **Termination**: no
option is left, as schedule or dead end. **Truncation**: 750 steps, as in NITTA.

**Exactness.** The model gives the options, scores, metrics, flags and node ids of a real server (package 0.0.0.1,
default microarchitecture): `gymcc nitta crosswalk TRACE` holds it against recordings and finds no difference in 7,658
nodes with 43,791 options. NITTA's quirks that change results are kept: obvious groups that do not fit, waiting
functions that a refactoring loses, locks of the multiplexer, renames one level deep. Restated without recordings:
allocation, other number types, more than one unit of a kind besides memories.

**Back ends.** The embedded model needs nothing. `gymcc nitta serve` answers NITTA's web API from it; a real server
can be walked in the same way (`gymcc.envs.nitta.backends.server`), and `gymcc nitta ml-backend` scores options for a
real NITTA.

**Instances.** `nitta/programs`: 79 programs of ours in tiers tiny, small, medium, hard (`tiny/gcd`), also each alone
as `nitta/programs-tiny` ...; `nitta/generated`: a seeded generator (`gen/<size>/<seed>`); your own Lua file or
folder.

**Version history.** v0: first.
"""
