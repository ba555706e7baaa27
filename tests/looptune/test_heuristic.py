"""The expert's decisions are legal, short, and lead to one register tile that pays."""

import pytest

from gymcc.envs.looptune.backends.walk import registers
from gymcc.envs.looptune.env import make_problem


@pytest.mark.parametrize("isa", ["avx512", "avx2"])
@pytest.mark.parametrize("instance", ["m64_n64_k64", "m128_n240_k96", "m256_n256_k256", "m97_n131_k53"])
def test_heuristic_cuts_a_tile_that_fits_and_gains(isa, instance):
    problem = make_problem("model", isa=isa)
    state = start = problem.initial(instance)
    actions = problem.heuristic(instance)
    assert 0 < len(actions) <= problem.max_steps
    for action in actions:
        state = problem.apply(state, action)
    assert problem.cost(state) < problem.cost(start)
    block = list(state.nest.contraction.extents)
    for loop in state.nest.loops[:2]:  # the loops over tiles of m and n
        block[loop.dim] = loop.step
    assert registers(state.nest, problem.backend.target, tuple(block)) <= problem.backend.target.accumulators


def test_heuristic_leaves_a_shape_without_room_for_tiles_alone():
    assert list(make_problem("model").heuristic("m3_n5_k7")) == []
