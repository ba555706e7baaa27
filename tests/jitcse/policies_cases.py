"""Hand-made methods and candidates for the tests of the policies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st

from gymcc.envs.jitcse.analysis import Analysis, Candidate, Occurrence
from gymcc.envs.jitcse.ir import Block, Method, Node, Op, Type

CANDIDATE = Candidate(
    type=Type.INT,
    occurrences=(),
    why_not_viable="",
    live_across_call=False,
    live_across_call_lsra=False,
    const=False,
    shared_const=False,
    make_cse=False,
    has_call=False,
    containable=False,
    cost_ex=3,
    cost_sz=3,
    use_count=1,
    def_count=1,
    use_weight=100.0,
    def_weight=100.0,
    distinct_locals=1,
    local_occurrences=1,
    block_count=1,
    block_spread=0,
)


def candidate(**fields: object) -> Candidate:
    return replace(CANDIDATE, **fields)


def reads(local: int, type: Type, times: int) -> tuple[Node, ...]:
    """Statements that read a local so often."""
    return tuple(Node(Op.CALL, Type.VOID, (Node(Op.LOCAL, type, payload=local),), "use") for _ in range(times))


def method(
    locals: Sequence[Type] = (), references: Sequence[int] = (), parameters: int = 0, **fields: object
) -> Method:
    """One block that reads each local as often as told; a second one where ``weight`` says how often it runs."""
    weight = fields.pop("weight", 1.0)
    statements = [each for number, type in enumerate(locals) for each in reads(number, type, references[number])]
    blocks = (
        Block((), (1,)),
        Block((*statements, Node(Op.RETURN, Type.VOID)), (), weight),
    )
    return Method("m", tuple(locals), parameters, blocks, **fields)


EMPTY = method()


def analysis(candidates: Sequence[Candidate] = (), method: Method = EMPTY) -> Analysis:
    enregistered = tuple(number for number, type in enumerate(method.locals) if type is not Type.STRUCT)
    return Analysis(method, tuple(candidates), enregistered)


def with_ints(count: int, references: int, candidates: Sequence[Candidate] = ()) -> Analysis:
    """A method with so many int locals, each read so often."""
    return analysis(candidates, method([Type.INT] * count, [references] * count))


def occurrence(statement: int, path: tuple[int, ...], is_def: bool) -> Occurrence:
    return Occurrence(block=1, statement=statement, path=path, is_def=is_def)


def nested(weight: float = 1.0) -> Analysis:
    """``(a * b + 1) - c`` with candidate 0 the sum and 1 the product: computed once, then used twice.

    The product has one more use of its own.
    """
    sums = (occurrence(0, (0,), True), occurrence(1, (0,), False), occurrence(2, (0,), False))
    products = (
        occurrence(0, (0, 0), True),
        occurrence(1, (0, 0), False),
        occurrence(2, (0, 0), False),
        occurrence(3, (0,), False),
    )
    unit = 100 * weight
    body = Block((Node(Op.RETURN, Type.VOID),), (), weight)
    return analysis(
        [
            candidate(cost_ex=9, occurrences=sums, use_count=2, use_weight=2 * unit, def_weight=unit),
            candidate(cost_ex=5, occurrences=products, use_count=3, use_weight=3 * unit, def_weight=unit),
        ],
        Method("nested", (), 0, (Block((), (1,)), body)),
    )


def candidates_of_any_kind() -> st.SearchStrategy[Candidate]:
    return st.builds(
        candidate,
        type=st.sampled_from([Type.OTHER, Type.INT, Type.LONG, Type.FLOAT, Type.DOUBLE, Type.STRUCT, Type.SIMD]),
        why_not_viable=st.sampled_from(["", "", "", "no"]),
        live_across_call=st.booleans(),
        const=st.booleans(),
        containable=st.booleans(),
        make_cse=st.booleans(),
        cost_ex=st.integers(2, 40),
        cost_sz=st.integers(1, 20),
        use_count=st.integers(1, 9),
        def_count=st.integers(1, 4),
        use_weight=st.sampled_from([25.0, 100.0, 250.0, 800.0, 6400.0]),
        def_weight=st.sampled_from([25.0, 100.0, 250.0, 800.0]),
        local_occurrences=st.integers(0, 5),
        block_spread=st.integers(0, 1),
    )


def analyses() -> st.SearchStrategy[Analysis]:
    """Up to 8 candidates amid up to 45 locals, so that every kind of promotion comes up."""
    types = st.sampled_from([Type.INT, Type.LONG, Type.OTHER, Type.DOUBLE, Type.STRUCT])
    locals_ = st.lists(st.tuples(types, st.integers(0, 9)), max_size=45)
    return st.builds(
        lambda rows, candidates, weight: analysis(
            candidates, method([type for type, _ in rows], [count for _, count in rows], weight=weight)
        ),
        locals_,
        st.lists(candidates_of_any_kind(), max_size=8),
        st.sampled_from([0.5, 1.0, 8.0]),
    )
