"""When a loop has a register for what could leave it: optIsProfitableToHoistTree, counted by hand."""

from __future__ import annotations

import pytest

from gymcc.envs.jitcse import trees as t
from gymcc.envs.jitcse.frontend.flat import flatten
from gymcc.envs.jitcse.frontend.flow import flow_of
from gymcc.envs.jitcse.frontend.loops import loops_of
from gymcc.envs.jitcse.frontend.room import Rooms
from gymcc.envs.jitcse.ir import Op
from tests.jitcse.test_frontend_hoisting import planted
from tests.jitcse.test_frontend_methods import DOUBLE, INT, STRUCT, VOID, const, method

CALL = t.call(VOID, "f")


def loop_of(busy=0, idle=0, kind=INT, calls=False, body=()):
    """A loop that reads ``busy`` locals and leaves ``idle`` ones alone; all are read after it.

    Beside them it counts in local 0 up to local 1.
    """
    numbers = range(2, 2 + busy + idle)
    counter = t.local(0, INT)
    step = t.store_local(0, t.binary(Op.ADD, counter, const(1)))
    again = t.branch(t.compare(Op.LT, counter, t.local(1, INT)))
    uses = [t.store_local(n, t.local(n, kind)) for n in numbers[:busy]]
    locals_ = (INT, INT, *[kind] * len(numbers))
    after = [t.helper(VOID, "h", t.local(n, kind)) for n in numbers]
    inside = [*uses, *([CALL] if calls else []), *body, step, again]
    return method(([], (1,)), (inside, (1, 2), 8.0), (after, ()), locals=locals_)


def room(found):
    flow = flow_of(found)
    (loop,) = loops_of(flow)
    return Rooms(found, flatten(found), flow).of(loop)


# The counter and its limit are two locals of the loop. The limit is not read after it, but at its end, where it lives.


@pytest.mark.parametrize(("calls", "registers"), [(True, 4), (False, 12)])
@pytest.mark.parametrize("short", [-1, 0, 1])
def test_where_the_loop_uses_all_registers_only_what_is_dear_leaves(calls, registers, short):
    found = room(loop_of(busy=registers - 2 + short, calls=calls))
    assert found.worth(INT, 5) is (short < 0)
    assert found.worth(INT, 6)


@pytest.mark.parametrize(("calls", "registers"), [(True, 4), (False, 12)])
@pytest.mark.parametrize("short", [-1, 0, 1])
def test_where_others_fill_the_registers_what_is_cheap_stays(calls, registers, short):
    found = room(loop_of(idle=registers - 2 + short, calls=calls))
    assert found.worth(INT, 3) is (short <= 0)
    assert found.worth(INT, 4)


def test_floats_have_registers_of_their_own_that_no_call_preserves():
    many = room(loop_of(busy=14, kind=DOUBLE))
    assert many.worth(INT, 2)
    assert many.worth(DOUBLE, 4)
    assert not room(loop_of(busy=15, kind=DOUBLE)).worth(DOUBLE, 4)
    assert not room(loop_of(calls=True)).worth(DOUBLE, 5)
    assert room(loop_of(calls=True)).worth(DOUBLE, 6)


def test_structs_take_no_registers():
    assert room(loop_of(busy=6, kind=STRUCT, calls=True)).worth(INT, 3)


def test_what_leaves_takes_a_register():
    found = room(loop_of(calls=True))
    assert found.worth(INT, 3)
    found.take(DOUBLE)
    assert found.worth(INT, 3)
    found.take(INT)
    found.take(INT)
    assert not found.worth(INT, 3)


def test_hoisting_asks():
    cheap = t.binary(Op.ADD, t.local(1, INT), const(1000))  # costs 3
    dear = t.binary(Op.MUL, cheap, const(3))  # costs 8
    body = [t.helper(VOID, "use", cheap), t.helper(VOID, "use", dear)]
    assert planted(loop_of(calls=True, body=body[:1])) == {0: [cheap]}
    assert planted(loop_of(idle=9, calls=True, body=body[:1])) == {}
    assert planted(loop_of(idle=9, calls=True, body=body[1:])) == {0: [dear]}
