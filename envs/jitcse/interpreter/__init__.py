"""What a method does, by running it on random inputs: the oracle for "the same effects with and without a choice"."""

from gymcc.envs.jitcse.interpreter.compare import EffectsDiffer, same_effects
from gymcc.envs.jitcse.interpreter.run import UnwrittenLocal, run
from gymcc.envs.jitcse.interpreter.trace import Call, End, Store, Trace

__all__ = ["Call", "EffectsDiffer", "End", "Store", "Trace", "UnwrittenLocal", "run", "same_effects"]
