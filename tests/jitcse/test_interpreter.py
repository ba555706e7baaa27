"""What a run does: order, memory, calls, exceptions; and that wrong code is caught."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.envs.jitcse.frontend import analyse, perform
from gymcc.envs.jitcse.generator import generate
from gymcc.envs.jitcse.interpreter import Call, EffectsDiffer, End, Store, UnwrittenLocal, run, same_effects
from gymcc.envs.jitcse.ir import Method, Node, Op, Type
from gymcc.envs.jitcse.shipped import methods
from gymcc.envs.jitcse.text import read
from gymcc.envs.jitcse.wellformed import Malformed

SEEDS = range(12)


def method(parameters: str, locals_: str, result: str, body: str) -> Method:
    return read(f"m({parameters}|{locals_}){result}: {body}")


def test_trees_evaluate_left_to_right_their_node_last():
    traced = run(method("", "", "v", "@1 call.v:f(call.i:a(),add(call.i:b(),call.i:c())) return()"), 0)
    assert [effect.name for effect in traced.effects] == ["a", "b", "c", "f"]


def test_statements_and_blocks_in_order():
    loop = "@1 $0=i0 >1 @8 call.v:f($0) $0=add($0,i1) branch(lt($0,i3)) >1,2 @1 return($0)"
    traced = run(method("", "i", "i", loop), 0)
    assert traced.effects == tuple(Call("f", (number,)) for number in range(3))
    assert (traced.end, traced.result) == (End.RETURN, 3)


def test_the_second_successor_is_taken_on_zero():
    taken = "@1 branch(i2) >1,2 @1 return(i10) @1 return(i20)"
    assert run(method("", "", "i", taken), 0).result == 10
    assert run(method("", "", "i", taken.replace("i2)", "i0)", 1)), 0).result == 20


def test_stores_are_effects_with_place_and_value():
    body = "@1 store_field8($0,i1) store_static3(l2) store_elem($0,i4,d0.5) return()"
    reference = run(method("o", "", "o", "@1 return($0)"), 1).result
    assert run(method("o", "", "v", body), 1).effects == (
        Store(("field", reference, 8, 0), 1),
        Store(("static", 0, 3, 0), 2),
        Store(("elem", reference, 4, Type.DOUBLE), "0x1.0000000000000p-1"),
    )


def test_loads_see_the_last_store_to_the_same_place_only():
    body = "@1 store_field8($0,i41) store_field12($0,i42) store_static8(i43) store_elem($0,i8,i44) return(field.i8($0))"
    assert run(method("o", "", "i", body), 3).result == 41
    assert all(run(method("o", "", "i", body.replace("field.i8(", "field.i12(")), seed).result == 42 for seed in SEEDS)


@given(st.integers(0, 10**6))
def test_lengths_never_change(seed):
    writes = "store_field0($0,i99) store_field8($0,i99) store_elem($0,i0,i99) store_elem($0,i-1,l99) call.v:f($0)"
    traced = run(method("o", "", "i", f"@1 $0=$0 {writes} return(sub(length($0),i0))"), seed)
    assert traced.result == run(method("o", "", "i", "@1 return(length($0))"), seed).result
    assert traced.result >= 0


def test_references_are_often_one_object():
    alias = method("oo", "", "i", "@1 store_field8($0,i41) store_field8($1,i42) return(field.i8($0))")
    assert {run(alias, seed).result for seed in range(40)} == {41, 42}


def test_calls_depend_on_name_arguments_and_number_and_overwrite_memory():
    twice = method("", "", "v", "@1 store_static0(call.l:f(i1)) store_static0(call.l:f(i1)) return()")
    values = [[effect.value for effect in run(twice, seed).effects if isinstance(effect, Store)] for seed in range(20)]
    assert sum(first != second for first, second in values) > 15
    kept = method("o", "", "i", "@1 store_field8($0,i77) call.v:f() return(field.i8($0))")
    results = [run(kept, seed).result for seed in range(80)]
    assert 40 < results.count(77) < 80


def test_helpers_are_pure_and_no_effect():
    helper = method(
        "i", "", "i", "@1 store_static0(helper.l:h($0)) call.v:f() store_static0(helper.l:h($0)) return(i0)"
    )
    for seed in SEEDS:
        stores = [effect for effect in run(helper, seed).effects if isinstance(effect, Store)]
        assert stores[0] == stores[1]


@pytest.mark.parametrize(
    ("body", "end"),
    [
        ("@1 bounds(i3,i4) call.v:f() return()", End.RETURN),
        ("@1 bounds(i4,i4) call.v:f() return()", End.BOUNDS),
        ("@1 bounds(i-1,i4) call.v:f() return()", End.BOUNDS),
        ("@1 div(i1,i0) call.v:f() return()", End.DIVIDE),
        ("@1 mod(l1,l0) call.v:f() return()", End.DIVIDE),
        ("@1 div(d1,d0) call.v:f() return()", End.RETURN),
    ],
)
def test_exceptions_end_the_run(body, end):
    traced = run(method("", "", "v", body), 0)
    assert traced.end is end
    assert len(traced.effects) == (end is End.RETURN)


def test_a_run_out_of_steps_says_so():
    endless = method("", "", "v", "@1 >1 @8 call.v:f() >1")
    assert run(endless, 0, max_steps=5).end is End.STEPS
    assert len(run(endless, 0, max_steps=5).effects) == 4


def test_reading_an_unwritten_local_is_an_error():
    with pytest.raises(UnwrittenLocal, match="m: local 1 is read before anything is stored to it"):
        run(method("i", "i", "i", "@1 branch($0) >1,2 @1 $1=i1 >2 @1 return($1)"), seed_with_parameter(0))


def seed_with_parameter(value: int) -> int:
    """A seed for which the first INT parameter is ``value``."""
    shows = method("i", "", "i", "@1 return($0)")
    return next(seed for seed in range(1000) if run(shows, seed).result == value)


def test_the_same_seed_gives_the_same_run_in_every_process():
    code = (
        "from gymcc.envs.jitcse.generator import generate; from gymcc.envs.jitcse.interpreter import run;"
        "print([str(run(generate(seed), seed)) for seed in range(6)])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert run(generate(5), 1) != run(generate(5), 2)


# Wrong code is caught

RIGHT = "@1 store_static0(comma($2=field.i8($0),$2)) store_static1($2) return()"
WRONG = {
    "a use before its definition": "@1 store_static0($2) store_static1(comma($2=field.i8($0),$2)) return()",
    "another value": "@1 store_static0(comma($2=field.i12($0),$2)) store_static1($2) return()",
    "stores in another order": "@1 store_static1(comma($2=field.i8($0),$2)) store_static0($2) return()",
    "a store too many": RIGHT.replace("return", "store_static1($2) return"),
    "a store too few": RIGHT.replace("store_static1($2) ", ""),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_code_is_caught(name):
    original = method("oo", "i", "v", "@1 store_static0(field.i8($0)) store_static1(field.i8($0)) return()")
    same_effects(original, method("oo", "i", "v", RIGHT), SEEDS)
    with pytest.raises(EffectsDiffer, match=r"m, seed \d+: "):
        same_effects(original, method("oo", "i", "v", WRONG[name]), SEEDS)


@pytest.mark.parametrize(
    ("name", "parameters", "original", "changed"),
    [
        (
            "a load moved over a store that may alias",
            "oo",
            "@1 store_static0(field.i8($0)) store_field8($1,i9) store_static1(field.i8($0)) return()",
            "@1 store_static0(comma($2=field.i8($0),$2)) store_field8($1,i9) store_static1($2) return()",
        ),
        (
            "a load moved over a call",
            "oo",
            "@1 store_static0(field.i8($0)) call.v:f() store_static1(field.i8($0)) return()",
            "@1 store_static0(comma($2=field.i8($0),$2)) call.v:f() store_static1($2) return()",
        ),
        (
            "a local changed in between",
            "oi",
            "@1 store_static0(mul($1,$1)) $1=add($1,i1) store_static1(mul($1,$1)) return()",
            "@1 store_static0(comma($2=mul($1,$1),$2)) $1=add($1,i1) store_static1($2) return()",
        ),
        (
            "arguments in another order",
            "oo",
            "@1 call.v:f(field.i8($0),call.i:g()) return()",
            "@1 $2=call.i:g() call.v:f(field.i8($0),$2) return()",
        ),
        (
            "a bounds check before a call",
            "oi",
            "@1 call.v:f() bounds($1,length($0)) return()",
            "@1 bounds($1,length($0)) call.v:f() return()",
        ),
        (
            "a division that did not happen",
            "ii",
            "@1 branch($0) >1,2 @1 call.v:f(div(i7,$1)) >2 @1 call.v:g() return()",
            "@1 $2=div(i7,$1) branch($0) >1,2 @1 call.v:f($2) >2 @1 call.v:g() return()",
        ),
        (
            "the result",
            "ii",
            "@1 return(sub($0,$1))",
            "@1 return(sub($1,$0))",
        ),
    ],
)
def test_unsound_reuse_is_caught(name, parameters, original, changed):
    result = "i" if name == "the result" else "v"
    with pytest.raises(EffectsDiffer):
        same_effects(method(parameters, "i", result, original), method(parameters, "i", result, changed), range(200))


def test_a_malformed_change_is_caught():
    original = method("oo", "i", "v", RIGHT)
    broken = replace(original, blocks=(replace(original.blocks[0], successors=(0,)),))
    with pytest.raises(Malformed):
        same_effects(original, broken, SEEDS)


def test_running_out_of_steps_compares_what_was_done_until_then():
    endless = method("", "i", "v", "@1 $0=i0 >1 @8 call.v:f($0) $0=add($0,i1) >1")
    longer = method("", "i", "v", "@1 $0=i0 >1 @8 call.v:f($0) >2 @8 $0=add($0,i1) >1")
    same_effects(endless, longer, SEEDS, max_steps=20)
    ending = method("", "i", "v", "@1 $0=i0 >1 @8 call.v:f($0) $0=add($0,i1) branch(ge($0,i7)) >2,1 @1 return()")
    with pytest.raises(EffectsDiffer, match="effect 7 is call f"):
        same_effects(endless, ending, SEEDS, max_steps=20)


# The law


@settings(max_examples=60)
@given(st.integers(0, 10**9), st.data())
def test_choices_keep_what_generated_methods_do(seed, data):
    analysis = analyse(generate(seed))
    choice = data.draw(st.sets(st.integers(0, max(len(analysis.candidates) - 1, 0))))
    same_effects(generate(seed), perform(analysis, frozenset(choice)), range(4))


@settings(max_examples=60)
@given(st.sampled_from(list(methods())), st.data())
def test_choices_keep_what_frozen_methods_do(name, data):
    analysis = analyse(methods()[name])
    choice = data.draw(st.sets(st.integers(0, len(analysis.candidates) - 1)))
    same_effects(methods()[name], perform(analysis, frozenset(choice)), range(4))


def test_forgetting_a_definition_is_always_caught_where_it_runs():
    caught = tried = 0
    for seed in range(60):
        original = generate(seed)
        analysis = analyse(original)
        everything = perform(analysis, frozenset(range(len(analysis.candidates))))
        broken = _without_definition(everything, len(original.locals))
        returns = any(run(original, seed).end is End.RETURN for seed in range(8))
        if broken is None or not returns:
            continue
        tried += 1
        try:
            same_effects(original, broken, range(8))
        except EffectsDiffer:
            caught += 1
    assert tried > 20
    assert caught == tried


def _without_definition(method_: Method, first: int) -> Method | None:
    """The method whose entry block forgets to write its first temporary."""
    entry = method_.blocks[0]
    for index, tree in enumerate(entry.statements):
        for node in tree.walk():
            if node.op is Op.STORE_LOCAL and node.payload is not None and node.payload >= first:
                statements = list(entry.statements)
                statements[index] = _replaced(tree, node, node.args[0])
                return replace(method_, blocks=(replace(entry, statements=tuple(statements)), *method_.blocks[1:]))
    return None


def _replaced(tree: Node, old: Node, new: Node) -> Node:
    if tree is old:
        return new
    return replace(tree, args=tuple(_replaced(arg, old, new) for arg in tree.args))
