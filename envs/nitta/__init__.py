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
what is bound where, for networkx. What each column is: `gymcc.envs.nitta.observations.options.Options`, and its
`names`.

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

**Back ends.** `backend="embedded"` needs nothing. `backend="server"` asks a live NITTA for the same nodes: one that
runs at `url`, or one for each program that `command` starts in `folder` (by default `stack exec nitta --`, or what
NITTA_RUN_COMMAND_OVERRIDE says) and that is started anew after `restart_every` episodes. A node that it fails on is
masked; a server that dies, hangs (`answer_seconds`) or talks nonsense cuts the episode off (`info["error"]`). What a
server does not show, the last row and the graph, is the embedded model's while the two offer options of the same kinds;
decisions of a newer NITTA are options of no kind. In the other direction `gymcc nitta ml-backend` scores options for a
NITTA that runs with `-s ml_NAME`: by a value network, which needs no more than the request, or by a policy or a guide,
which look at the state and so must be told the program. `gymcc nitta serve` answers NITTA's web API from the embedded
model, and asks for such scores as NITTA does.

**Instances.** `nitta/programs`: 78 programs of ours in tiers tiny, small, medium, hard (`tiny/gcd`), also each alone as
`nitta/programs-tiny` ...; `gymcc info nitta-synthesis-v0 --dataset nitta/programs` tells of each what stateOfTheArt
finds, the shortest schedule known and whether that is proven; `nitta/generated`: a seeded generator
(`gen/<size>/<seed>`; with knobs: `gymcc nitta generate`); your own Lua file or folder (`dataset=FOLDER`, then
`own/<name>`), for the default processor or one of your own (`microarchitecture=FILE.toml`). What plainly cannot be
scheduled, such as 7 receives where the SPI takes 6, is said to be so by `gymcc info`, `play`, `search` and
`env.unwrapped.problem.caveat(instance)`.

**Version history.** v0: first.
"""
