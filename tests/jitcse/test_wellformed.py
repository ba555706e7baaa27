"""Each rule of the representation, broken once; and the builder, whose methods break none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gymcc.envs.jitcse.assigned import unassigned_reads
from gymcc.envs.jitcse.builder import Builder, Label
from gymcc.envs.jitcse.interpreter import run
from gymcc.envs.jitcse.ir import Block, Method, Node, Op, Type
from gymcc.envs.jitcse.text import read, write
from gymcc.envs.jitcse.trees import NULL, binary, call, compare, constant, field, local, static, store_local
from gymcc.envs.jitcse.wellformed import Malformed, check

INT, LONG, DOUBLE, REF, VOID = Type.INT, Type.LONG, Type.DOUBLE, Type.OTHER, Type.VOID
ONE, HALF, WIDE = constant(INT, 1), constant(DOUBLE, 0.5), constant(LONG, 1)
END = Node(Op.RETURN, VOID)


def with_tree(tree: Node) -> Method:
    return Method("m", (INT, REF, Type.STRUCT), 3, (Block((tree, END), ()),))


@pytest.mark.parametrize(
    "tree",
    [
        Node(Op.LOCAL, LONG, (), 0),
        Node(Op.LOCAL, INT, (), 3),
        Node(Op.LOCAL, INT, (), -1),
        Node(Op.CONST, INT, (), 2**31),
        Node(Op.CONST, INT, (), 1.0),
        Node(Op.CONST, DOUBLE, (), 1),
        Node(Op.CONST, INT, (), True),
        Node(Op.CONST, Type.STRUCT, (), 0),
        Node(Op.HANDLE, INT, (), 8),
        Node(Op.HANDLE, REF, (), -8),
        Node(Op.FIELD, INT, (ONE,), 8),
        Node(Op.FIELD, INT, (NULL,), -8),
        Node(Op.FIELD, VOID, (NULL,), 8),
        Node(Op.STATIC, INT, (NULL,), 8),
        Node(Op.LENGTH, LONG, (NULL,)),
        Node(Op.ELEM, INT, (NULL, WIDE)),
        Node(Op.ELEM, INT, (NULL, ONE), 1),
        Node(Op.ADD, INT, (ONE, WIDE)),
        Node(Op.ADD, LONG, (ONE, ONE)),
        Node(Op.AND, DOUBLE, (HALF, HALF)),
        Node(Op.LSH, LONG, (WIDE, WIDE)),
        Node(Op.LSH, REF, (NULL, ONE)),
        Node(Op.NOT, DOUBLE, (HALF,)),
        Node(Op.CAST, Type.SIMD, (HALF,)),
        Node(Op.LT, LONG, (WIDE, WIDE)),
        Node(Op.LT, INT, (WIDE, ONE)),
        Node(Op.EQ, INT, (local(2, Type.STRUCT), local(2, Type.STRUCT))),
        Node(Op.BOUNDS, VOID, (ONE, WIDE)),
        Node(Op.COMMA, LONG, (ONE, ONE)),
        Node(Op.CALL, INT, (END,), "f"),
        Node(Op.CALL, INT, (), "a b"),
        Node(Op.CALL, INT, ()),
        Node(Op.HELPER, INT, (Node(Op.STORE_STATIC, VOID, (ONE,), 1),), "f"),
        Node(Op.STORE_LOCAL, VOID, (WIDE,), 0),
        Node(Op.STORE_LOCAL, INT, (ONE,), 0),
        Node(Op.STORE_FIELD, VOID, (ONE, ONE), 8),
        Node(Op.STORE_ELEM, VOID, (NULL, ONE)),
        Node(Op.BRANCH, VOID, (ONE,)),
        END,
    ],
    ids=str,
)
def test_broken_trees_are_named(tree):
    with pytest.raises(Malformed, match=r"^block 0, statement 0: "):
        check(with_tree(tree))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "a b"}, "name 'a b'; allowed: "),
        ({"name": ""}, "name ''"),
        ({"parameters": 4}, "4 parameters, more than locals"),
        ({"locals": (INT, VOID, REF)}, "local 1 is void"),
        ({"blocks": ()}, "no block"),
        ({"result": INT}, "return of type void with \\(\\) breaks the rule"),
        ({"blocks": (Block((END,), (), float("nan")),)}, "block 0: weight nan"),
    ],
)
def test_broken_methods_are_named(changes, message):
    with pytest.raises(Malformed, match=message):
        check(replace(with_tree(ONE), **changes))


def test_good_trees_pass():
    for tree in (local(2, Type.STRUCT), field(Type.STRUCT, NULL, 8), static(Type.SIMD, 0), constant(Type.SIMD, 1.0)):
        check(with_tree(tree))


def test_reads_on_some_path_only_are_found():
    assert unassigned_reads(
        read("m(i|iii)v: @1 branch($0) >1,2 @1 $1=i1 $2=i1 >3 @1 $1=i2 >3 @1 call.v:f($1,$2) return()")
    ) == (2,)
    assert unassigned_reads(read("m(|i)v: @1 >1 @8 $0=add($0,i1) branch($0) >1,2 @1 return()")) == (0,)
    assert unassigned_reads(read("m(|i)v: @1 comma($0=i1,$0) call.v:f($0) return()")) == ()


# The builder


def test_locals_start_as_zero_where_a_path_forgets_them():
    builder = Builder("m", (INT,), INT)
    number = builder.new_local(INT)
    yes, no = Label(), Label()
    builder.branch(local(0, INT), yes, no)
    builder.place(yes)
    builder.emit(store_local(number, constant(INT, 7)))
    builder.place(no)
    builder.returns(local(number, INT))
    assert write(builder.finish()) == "m(i|i)i: @1 $1=i0 branch($0) >1,2 @1 $1=i7 >2 @1 return($1)"


def test_blocks_are_joined_emptied_and_pruned():
    builder = Builder("m", ())
    dead, after, end = Label(), Label(), Label()
    builder.jump(after)
    builder.place(dead)
    builder.emit(call(VOID, "never"))
    builder.place(after)
    builder.emit(call(VOID, "f"))
    builder.jump(end)
    builder.place(end)
    builder.new_local(INT)
    assert write(builder.finish()) == "m(|)v: @1 call.v:f() return()"


def test_a_branch_to_one_place_keeps_only_its_effects():
    for condition, kept in ((compare(Op.LT, ONE, ONE), ""), (call(INT, "f"), "call.i:f() ")):
        builder = Builder("m", ())
        one, other, end = Label(), Label(), Label()
        builder.branch(condition, one, other)
        builder.place(one)
        builder.jump(end)
        builder.place(other)
        builder.place(end)
        assert write(builder.finish()) == f"m(|)v: @1 {kept}return()"


def test_elements_are_checked_and_evaluated_once():
    builder = Builder("m", (REF, INT), INT)
    tree = builder.element(INT, call(REF, "array"), call(INT, "index"))
    builder.returns(tree)
    traced = run(builder.finish(), 0)
    assert [str(effect) for effect in traced.effects] == ["call array()", "call index()"]
    simple = builder.element(INT, local(0, REF), binary(Op.ADD, local(1, INT), ONE))
    assert len(builder.locals) == 4
    assert simple.args[0].op is Op.BOUNDS


def test_a_stored_value_is_evaluated_before_the_check():
    builder = Builder("m", (REF,))
    builder.store_element(local(0, REF), constant(INT, -1), call(INT, "value"))
    traced = run(builder.finish(), 0)
    assert [str(effect) for effect in traced.effects] == ["call value()"]
    assert traced.end == "index out of bounds"
