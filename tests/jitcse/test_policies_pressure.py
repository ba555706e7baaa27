from __future__ import annotations

from dataclasses import replace

import pytest

from gymcc.envs.jitcse.ir import Type
from gymcc.envs.jitcse.policies.machine import ARM64, MACHINES, X64, X64_WINDOWS
from gymcc.envs.jitcse.policies.pressure import pressure
from tests.jitcse.policies_cases import analysis, method, reads, with_ints


def test_the_budgets_of_windows_are_those_that_ryujit_documents():
    assert (X64_WINDOWS.integer.aggressive, X64_WINDOWS.integer.moderate) == (12, 38)
    assert (X64.integer.aggressive, X64.integer.moderate) == (7, 33)
    assert (X64.floating.aggressive, X64.floating.moderate) == (0, 32)
    assert (ARM64.integer.aggressive, ARM64.integer.moderate) == (15, 64)


def test_a_method_with_few_locals_has_the_least_cut_offs():
    found = pressure(with_ints(7, 50), X64)
    assert (found.aggressive, found.moderate) == (50, 100)
    assert found.enregistered_integer == 7


@pytest.mark.parametrize("machine", MACHINES.values(), ids=str)
def test_the_cut_offs_are_the_weights_of_the_first_locals_beyond_the_budgets(machine):
    count = machine.integer.moderate + 3
    references = list(range(count + 10, 10, -1))  # falling, so that locals are tracked by number
    found = pressure(analysis((), method([Type.INT] * count, references)), machine)
    assert found.aggressive == references[machine.integer.aggressive] * 100 + 100
    assert found.moderate == references[machine.integer.moderate] * 100 + 50


def test_weights_follow_the_blocks_but_not_for_small_code():
    found = pressure(analysis((), method([Type.INT] * 10, [3] * 10, weight=8.0)), X64)
    assert found.aggressive == 3 * 800 + 100
    small = pressure(analysis((), method([Type.INT] * 10, [3] * 10, weight=8.0)), X64, small_code=True)
    assert small.aggressive == 3 + 100


def test_a_float_is_beyond_a_budget_of_none_at_all():
    found = pressure(analysis((), method([Type.INT, Type.DOUBLE], [1, 5])), X64)
    assert found.aggressive == 600
    assert pressure(analysis((), method([Type.INT, Type.DOUBLE], [1, 5])), X64_WINDOWS).aggressive == 50


def test_integers_are_tracked_first_then_by_weight_then_objects_then_by_number():
    types = [Type.DOUBLE, Type.INT, Type.LONG, Type.OTHER, Type.INT, Type.STRUCT, Type.INT]
    found = pressure(analysis((), method(types, [9, 2, 5, 2, 2, 9, 0])), X64)
    assert [local.number for local in found.tracked] == [2, 3, 1, 4, 0]
    assert found.integer_weights == (5, 2, 2, 2)


def test_a_local_that_is_never_executed_comes_last():
    cold = method([Type.INT, Type.DOUBLE, Type.DOUBLE], [5, 3, 0], weight=0.0)
    warm = replace(cold.blocks[0], statements=reads(2, Type.DOUBLE, 1))
    found = pressure(analysis((), replace(cold, blocks=(warm, cold.blocks[1]))), X64)
    assert [(local.number, local.weight) for local in found.tracked] == [(2, 100), (0, 0), (1, 0)]


def test_small_code_tracks_by_references_then_weight_then_parameters_then_objects():
    types = [Type.INT, Type.INT, Type.OTHER, Type.INT, Type.DOUBLE]
    found = pressure(analysis((), method(types, [1, 3, 3, 4, 9], parameters=1)), X64, small_code=True)
    assert [local.number for local in found.tracked] == [3, 0, 2, 1, 4]


def test_register_parameters_are_read_twice_by_the_prolog_and_preferred():
    types = [Type.INT] * 8
    found = pressure(analysis((), method(types, [1] * 8, parameters=7)), X64)
    by_number = {local.number: local for local in found.tracked}
    assert [by_number[n].references for n in range(8)] == [3, 3, 3, 3, 3, 3, 1, 1]
    assert by_number[0].weight == 300
    # six executions of a plain local are more than three of a parameter with its two of grace
    preferred = pressure(analysis((), method([Type.INT] * 2, [2, 5], parameters=1)), X64)
    assert [local.number for local in preferred.tracked] == [0, 1]
    beaten = pressure(analysis((), method([Type.INT] * 2, [2, 7], parameters=1)), X64)
    assert [local.number for local in beaten.tracked] == [1, 0]


@pytest.mark.parametrize(
    ("machine", "types", "arrive"),
    [
        (X64, [Type.INT] * 7, [True] * 6 + [False]),
        (X64, [Type.DOUBLE] * 9, [True] * 8 + [False]),
        (X64, [Type.INT] * 5 + [Type.STRUCT, Type.INT], [True] * 5 + [False, True]),
        (X64_WINDOWS, [Type.INT, Type.DOUBLE, Type.INT, Type.STRUCT, Type.DOUBLE], [True] * 4 + [False]),
        (ARM64, [Type.LONG] * 9, [True] * 8 + [False]),
    ],
)
def test_parameters_arrive_in_registers_by_the_calling_convention(machine, types, arrive):
    assert machine.in_registers(types) == tuple(arrive)


def test_the_frame_is_large_once_structs_and_overflowing_locals_exceed_a_short_displacement():
    def large(types, references, **fields):
        return pressure(analysis((), method(types, references, **fields)), X64).large_frame

    assert not large([Type.STRUCT] * 8, [1] * 8)  # 128 bytes
    assert large([Type.STRUCT] * 9, [1] * 9)
    assert not large([Type.STRUCT] * 8 + [Type.STRUCT] * 2, [1] * 8 + [0] * 2)  # never referred to
    # 34 registers are thought of: locals with few references take one, others two
    assert not large([Type.LONG] * (34 + 16), [1] * 50)
    assert large([Type.LONG] * (34 + 17), [1] * 51)
    assert large([Type.LONG] * (17 + 17), [3] * 34)
    assert not large([Type.LONG] * (17 + 16), [3] * 33)
    # what the caller put on the stack takes no room here
    assert not large([Type.STRUCT] * 12, [1] * 12, parameters=12)
