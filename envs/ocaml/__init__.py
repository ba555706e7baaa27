"""OCaml inlining: which calls an OCaml compiler replaces by the body of the function they call.

**Problem.** Inlining saves the call, and what the compiler then knows saves more: doubles without a box, branches that
are decided, tuples never made, functions passed as arguments that become known. It also copies code. ocamlopt decides
call by call by a rule of thumb; "Inlining ML with ML" (Quah, 2018) learned better decisions with a patched compiler.
Here no patch is needed: decisions become attributes and copies of functions for a stock `ocamlopt`, and an embedded
simulator runs the same programs without any OCaml.

**State.** The program and the decisions taken so far, with the calls that are still to be decided, frozen and hashable.
`mode="site"` (default) decides every static call once, in the order of the source, and all copies of it follow.
`mode="tree"` decides on paths as the original does: inlining a call puts the calls of the copied body before the
others, depth first; paths of more than `max_depth` (6) calls, or with more than `max_nodes` (200) copied calls in all,
are not inlined any further. Calls without a choice (unknown function, partial application, a recursive function's call
of itself, a body that the compiler cannot copy) are skipped.

**Action.** `Discrete(3)`: `default` leaves the call to the compiler, `inline`, `never`. Closure mode, the middle end
that distributions ship, has no default of its own beside the other two, so that two actions are legal there; Flambda
takes all three. The mask says which.

**Observation.** `default` (= `call`): a float32 vector of the call that is next: 34 features that the source tells,
the same for all back ends; how often it is made in a run, where the simulator knows; what is legal; decisions so far
around it; the program as a whole. `env.unwrapped.observations["call"].names` says what each number is. `static` leaves
the profile out, `graph` is the tree of calls for networkx.

**Cost.** time / time by default · max(1, size / size by default) ** `size_weight`, lower is better, 1 for the
compiler's own decisions; so that -ln(cost) is -ln(instructions / default) - 0.1 · max(0, ln(bytes / default)). Calls
not decided yet are left to the compiler. `env.unwrapped.problem.figures(state)` gives instructions, bytes and, in the
simulator, words allocated. `info` adds `heuristic_cost` (the compiler's own heuristic), `best_known_cost` and
`best_proven`, and counts of decisions.

**Reward.** `log_speedup`, paid decision by decision, in the simulator, `terminal_log_speedup` with a real compiler. The
original's other targets are `terminal_cost_decrease` (linear) and `terminal_tanh_decrease`, tanh(10 · gain).
**Termination**: all calls are decided on. A compilation that fails or takes too long, or a program that prints
something else than before, ends the episode as truncated with `failure_penalty` and `info["error"]`.

**Back ends.** `backend="sim"`: our own inliner and cost model of programs in a subset of OCaml, about 1 ms a decision,
under the rules of `closure` (default) or `flambda`. It ranks decisions as ocamlopt does: over the shipped programs the
median Spearman correlation with counted instructions is 0.98 in site mode and 0.99 in tree mode, and of 242 single
decisions that really change them by more than 1 % it has the sign of all (closure mode; `gymcc bench ocaml-fidelity`,
and the card of `ocaml/programs`); under Flambda's rules 0.93, and 86 % of 327, since recursive functions are not
specialised to the functions that are passed to them. `backend="closure"`, `"flambda"`: the ocamlopt installed, any
program (`gymcc ocaml setup`); cost is instructions counted by valgrind, else seconds, which vary.

**Instances.** `ocaml/programs`: 26 programs of ours (`bdd`, `lenses`, ...), split by program; `ocaml/generated`: a
seeded generator (`gen/<seed>`); `dataset=`: your own .ml file or a folder of them; `program=`: one program, a file,
several in link order, or a folder of modules.

**Your own program**, which prints what it computes, the same each time, searched with the compiler that is installed
and written with attributes where a decision is not the compiler's own; layout and comments stay:

    gymcc ocaml setup                                    # once; --flambda builds a private compiler with Flambda, too
    gymcc search ocaml --program src/ --evaluations 100 --input typed.txt --apply tuned/
    gymcc search ocaml --program a.ml --program main.ml --method annealing --backend flambda --json

**A policy in your compiler.** `gymcc ocaml ppx` is a preprocessor of syntax trees that any ocamlopt from 4.13 on takes:

    gymcc ocaml collect … && gymcc ocaml attribute … && gymcc ocaml learn …    # or gymcc train CONFIG: a policy.onnx
    ocamlopt -ppx "gymcc ocaml ppx --policy /path/to/policy.onnx" a.ml b.ml main.ml -o program
    (ocamlopt_flags (:standard -ppx "gymcc ocaml ppx --policy /path/to/policy.onnx"))                    ; of dune

The policy walks through each file as through an episode, in its `mode`, and sees what it was trained on but for the
profile; a program of one file it decides as in the environment. Calls of another file's function can be inlined where
that file's body was kept: Flambda keeps them, closure mode only the smallest, so that functions of up to `--keep 40`
expressions are marked for keeping; dune's `--profile dev` hides all bodies, `release` does not. `--explain` prints each
decision. What ocamlopt is called with beyond `-I` and `-open` (`-inline`, `-O3`) is told by `--flags`.

**Version history.** v0: first.
"""
