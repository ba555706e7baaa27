"""Policies for OCaml inlining from what decisions were found to be worth: experts, and their committee.

As in "Inlining ML with ML" (Quah, 2018): ``gymcc ocaml collect`` compiles many trees of decisions,
``gymcc ocaml attribute`` says what each decision in them is worth, under several models of rewards. Each model gives an
expert its examples (:mod:`lessons`): a call, as the environment shows it, and whether to leave it to the compiler, to
inline it or never to. Experts are multi-layer perceptrons of three classes (:mod:`network`, :mod:`fitting`); the
committee averages what they say, and where it is not sure enough it leaves the call to the compiler.

How sure it must be, and how much it may copy, is chosen on folds of the programs that it may see (:mod:`choosing`).
:mod:`learning` makes a policy like any other of it, :mod:`holding_out` tries the whole procedure on programs held out,
fold by fold.
"""
