"""Generated methods: well formed, reproducible, of the sizes and with the variety that is promised."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.envs.jitcse.assigned import unassigned_reads
from gymcc.envs.jitcse.builder import LOOP_SCALE
from gymcc.envs.jitcse.frontend import analyse
from gymcc.envs.jitcse.generator import MAX_SEED, MAX_STATEMENTS, MIN_STATEMENTS, generate
from gymcc.envs.jitcse.generator.profile import expected_visits
from gymcc.envs.jitcse.interpreter import End, run
from gymcc.envs.jitcse.ir import Op, Type
from gymcc.envs.jitcse.text import write
from gymcc.envs.jitcse.wellformed import check

MANY = [generate(seed) for seed in range(150)]


@settings(max_examples=80)
@given(st.integers(0, MAX_SEED))
def test_methods_are_well_formed_and_of_the_promised_size(seed):
    method = generate(seed)
    check(method)
    assert method.name == f"gen/{seed}"
    assert MIN_STATEMENTS <= sum(len(block.statements) for block in method.blocks) <= MAX_STATEMENTS
    assert not unassigned_reads(method)
    assert generate(seed) == method


@pytest.mark.parametrize("seed", [-1, 2**63, True, 1.0, "1", None])
def test_other_seeds_are_refused(seed):
    with pytest.raises(ValueError, match="a generator's seed is a whole number from 0 to 9223372036854775807, got"):
        generate(seed)


def test_seeds_stand_for_the_same_methods_for_ever():
    """Records name methods by seed: if this fails, the generator has changed and old records no longer hold."""
    text = "\n".join(write(method) for method in MANY)
    assert blake2b(text.encode(), digest_size=8).hexdigest() == "5b61eb0b16b273fd"
    assert len({write(method).split("(", 1)[1] for method in MANY}) == len(MANY)


def test_many_methods_have_3_to_16_candidates():
    counts = [len(analyse(method).candidates) for method in MANY]
    assert sum(3 <= count <= 16 for count in counts) > 0.6 * len(counts)
    assert {1, 2, 5, 8, 12, 16} <= set(counts)


def test_all_types_and_operations_occur():
    methods = [generate(seed) for seed in range(400)]
    nodes = [node for method in methods for block in method.blocks for tree in block.statements for node in tree.walk()]
    assert {node.op for node in nodes} == set(Op) - {Op.NEG, Op.NOT}
    assert {node.type for node in nodes} == set(Type)


def test_weights_are_loops_or_a_profile():
    profiled = Counter(method.profiled for method in MANY)
    assert 0.15 * len(MANY) < profiled[True] < 0.45 * len(MANY)
    loops = {LOOP_SCALE**depth for depth in range(4)}
    for method in MANY:
        assert method.blocks[0].weight == 1
        if not method.profiled:
            assert {block.weight for block in method.blocks} <= loops
    odd = {block.weight for method in MANY if method.profiled for block in method.blocks}
    assert 0.0 in odd
    assert len(odd - loops) > 20


@given(st.integers(0, 10**6))
def test_expected_visits_solve_the_flow_equations(seed):
    random = Random(seed)
    size = random.randint(1, 9)
    flow = []
    for _ in range(size):
        targets = random.sample(range(1, size), min(2, size - 1)) if random.random() < 0.8 else []
        chances = [0.9 * random.random(), 0.1]
        flow.append(dict(zip(targets, chances[: len(targets)], strict=True)))
    transition = np.zeros((size, size))
    for block, row in enumerate(flow):
        for target, chance in row.items():
            transition[target, block] = chance
    expected = np.linalg.solve(np.eye(size) - transition, np.eye(size)[0])
    assert expected_visits(flow) == pytest.approx(list(expected), rel=1e-9, abs=1e-12)


def test_profiles_conserve_flow():
    """What comes into a block leaves it, to the four digits that are kept."""
    for method in (method for method in MANY if method.profiled):
        for index, block in enumerate(method.blocks):
            if len(block.successors) == 1:
                (target,) = block.successors
                assert method.blocks[target].weight >= block.weight * 0.999
            preds = method.predecessors[index]
            if index and all(len(method.blocks[each].successors) == 1 for each in preds):
                assert block.weight == pytest.approx(sum(method.blocks[each].weight for each in preds), rel=2e-3)


def test_most_runs_do_something_and_end():
    traces = [run(method, seed) for method in MANY[:60] for seed in range(4)]
    ends = Counter(trace.end for trace in traces)
    assert ends[End.RETURN] > 0.4 * len(traces)
    assert ends[End.STEPS] < 0.25 * len(traces)
    assert sum(bool(trace.effects) for trace in traces) > 0.6 * len(traces)
