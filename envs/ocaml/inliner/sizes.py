"""The size of code as ocamlopt's middle ends measure it before they inline (``lambda_smaller``, ``prim_size``).

Source: ocamlopt 4.13, ``middle_end/closure/closure.ml``; Flambda's ``inlining_cost.ml`` has the same numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from gymcc.envs.ocaml.inliner.references import plain_references
from gymcc.envs.ocaml.ir import (
    Atom,
    Binding,
    Call,
    CallKind,
    Constant,
    Decision,
    Evaluate,
    Field,
    For,
    Function,
    Leaf,
    Let,
    LetFunctions,
    Make,
    Match,
    Operation,
    Prim,
    Scalar,
    SetField,
    Shape,
    Test,
    While,
)
from gymcc.envs.ocaml.primitives import Kind, Primitive
from gymcc.envs.ocaml.walk import atoms, bindings, decisions, inner_blocks

DIRECT, INDIRECT, CLOSURE = 4, 6, 10**6
KEPT = 10  # size of bodies that closure mode keeps, and one for each parameter
_BRANCH, _SWITCH, _WHILE, _FOR = 2, 5, 2, 4
_LOADS = {
    Primitive.ARRAY_GET: (18, 8),
    Primitive.ARRAY_SET: (22, 10),
    Primitive.ARRAY_LENGTH: (6, 2),
}  # any, known kind
_C_CALL = 12  # of the run time system, which may allocate
_PRIMITIVES = {
    Primitive.STRING_LENGTH: 5,
    Primitive.STRING_GET: 6,
    Primitive.INT_MIN: 16,
    Primitive.INT_MAX: 16,
    Primitive.INT_ABS: 8,
    Primitive.INT_OF_CHAR: 0,
    Primitive.FAILWITH: DIRECT,
    Primitive.INVALID_ARG: DIRECT,
}
_RUNTIME = ("any.", "string.", "print.", "array.")
_PLAIN_FLOATS = ("add", "sub", "mul", "div", "neg", "abs", "of_int", "eq", "ne", "lt", "le", "gt", "ge")


def small(function: Function, threshold: int, fields: Collection[int]) -> bool:
    """Whether closure mode keeps a function's body to copy it unasked; ``fields`` as in :func:`size`."""
    references = plain_references(function, lambda _: True)
    code = size(function.body.bindings, references, function.free, fields)
    return code + _atom(function.body.result, function.free, fields) <= threshold + len(function.params)


def size(
    code: Iterable[Binding],
    references: Collection[int] = (),
    captured: Collection[int] = (),
    fields: Collection[int] = (),
    *,
    closures: bool = False,
) -> int:
    """The size of straight-line code with all that is inside it.

    ``references`` are those that become variables, ``captured`` variables that are loaded from a closure, ``fields``
    those that are loaded from the block of the top level. A definition of functions counts as what it defines if
    ``closures`` may be copied, else as more than any threshold.
    """
    total = 0
    for binding in _inside(code):
        if isinstance(binding, LetFunctions):
            bodies = (size(function.body.bindings, closures=True) for function in binding.functions)
            total += sum(bodies) if closures else CLOSURE
            continue
        operation = binding.operation
        if isinstance(operation, Call) and operation.kind is CallKind.PARTIAL and not closures:
            total += CLOSURE  # of a function that takes the other arguments
        total += operation_size(operation, references)
        total += sum(_atom(atom, captured, fields) for atom in _read(operation))
    return total


def _read(operation: Operation) -> tuple[Atom, ...]:
    """The atoms that an operation reads: a function whose code is known is not."""
    known = isinstance(operation, Call) and operation.kind is not CallKind.UNKNOWN
    return operation.args if known and isinstance(operation, Call) else atoms(operation)


def _atom(atom: Atom, captured: Collection[int], fields: Collection[int]) -> int:
    if isinstance(atom, Constant) or atom in captured:
        return 1
    return 2 if atom in fields else 0


def operation_size(operation: Operation, references: Collection[int] = ()) -> int:
    """The size of an operation, its atoms and the blocks inside it aside."""
    match operation:
        case Call():
            return _CALLS[operation.kind]
        case Prim():
            return _primitive(operation)
        case Make():
            constant = all(isinstance(arg, Constant) for arg in operation.args)
            return 1 - len(operation.args) if constant and not operation.shape.mutable else 5 + len(operation.args)
        case Field():
            return 0 if operation.of in references else 1
        case SetField():
            return _store(operation.value, operation, references)
        case Match():
            return _match(operation)
        case While():
            return _WHILE
        case For():
            return _FOR


def anatomy(code: Iterable[Binding]) -> Counter[str]:
    """How many calls, indirect ones among them, allocations, branches and other operations code has.

    Those of functions that it defines are among them.
    """
    found: Counter[str] = Counter()
    for binding in _inside(code):
        if isinstance(binding, LetFunctions):
            found["alloc"] += 1
            for function in binding.functions:
                found.update(anatomy(function.body.bindings))
            continue
        operation = binding.operation
        if isinstance(operation, Call):
            found["call"] += 1
            found["indirect"] += operation.kind is CallKind.UNKNOWN
        elif isinstance(operation, Make):
            found["alloc"] += 1
        elif isinstance(operation, Match):
            found["branch"] += sum(isinstance(node, Test) for node in decisions(operation.tree))
        else:
            found["prim"] += 1
    return found


_CALLS = {
    CallKind.DIRECT: DIRECT,
    CallKind.SELF: DIRECT,
    CallKind.UNKNOWN: INDIRECT,
    CallKind.OVER: DIRECT + INDIRECT,
    CallKind.PARTIAL: INDIRECT,
}


def _inside(code: Iterable[Binding]) -> Iterable[Binding]:
    """All bindings, those of functions' bodies aside."""
    todo = [code]
    while todo:
        for binding in todo.pop():
            yield binding
            if isinstance(binding, Let):
                for block in inner_blocks(binding.operation):
                    yield from bindings(block, into_functions=False)
                if isinstance(binding.operation, Match):
                    todo += (n.bindings for n in decisions(binding.operation.tree) if isinstance(n, Evaluate))


def _primitive(prim: Prim) -> int:
    primitive = prim.primitive
    if primitive in _LOADS:
        return _LOADS[primitive][prim.element is not Kind.ANY]
    if primitive in _PRIMITIVES:
        return _PRIMITIVES[primitive]
    name = primitive.value
    if name.startswith(_RUNTIME):
        return _C_CALL
    if name.startswith("float.") and name.removeprefix("float.") not in _PLAIN_FLOATS:
        return DIRECT + len(prim.args)
    return 2


def _store(value: Atom, operation: SetField, references: Collection[int]) -> int:
    if operation.of in references:
        return 1
    immediate = isinstance(value, Constant) and value.scalar not in (Scalar.STRING, Scalar.FLOAT)
    field = operation.shape.fields[operation.index]
    return 1 if immediate or operation.shape.flat or field.kind is Kind.INT else 4


def _match(match: Match) -> int:
    total, leaves = 0, Counter[int]()
    todo: list[tuple[Decision, int]] = [(match.tree, 1)]
    while todo:
        node, times = todo.pop()
        if isinstance(node, Leaf):
            leaves[node.arm] += times
            total += sum(isinstance(arg, Constant) for arg in node.args)
        elif isinstance(node, Evaluate):
            todo.append((node.then, times))
        elif isinstance(node, Test):
            total += _test(node)
            todo += ((case.then, times) for case in node.cases)
            if node.default is not None:
                todo.append((node.default.then, times * _places(node)))
    constants = sum(isinstance(arm.body.result, Constant) for arm in match.arms)
    handlers = sum(leaves[number] > 1 and bool(arm.body.bindings) for number, arm in enumerate(match.arms))
    return total + constants + handlers


def _test(test: Test) -> int:
    outcomes = test.cases if test.default is None else (*test.cases, test.default)
    loads = sum(field is not None for case in outcomes for field in case.fields)
    shapes = [case.value for case in test.cases if isinstance(case.value, Shape)]
    if len(outcomes) == 1:
        return loads
    if shapes:
        return loads + _constructors(test, shapes)
    boolean = isinstance(test.cases[0].value, Constant) and test.cases[0].value.scalar is Scalar.BOOL
    return loads + (_BRANCH if boolean else _integers(len(outcomes)))


def _integers(outcomes: int) -> int:
    """Integers are compared one by one, or looked up."""
    return (_BRANCH + 3) * (outcomes - 1) if outcomes < 4 else _SWITCH


def _constructors(test: Test, shapes: list[Shape]) -> int:
    """``Matching.combine_constructor``: a branch, or on whether there is a block, or a switch."""
    first = shapes[0]
    blocks, constants = outcomes_by_kind(test, first)
    if (first.siblings, first.constants) == (2, 1):
        return _BRANCH
    if first.constants == first.siblings:
        return _BRANCH if constants == 2 and first.index == 0 else _integers(constants)
    if blocks < 2 and first.constants:
        return _BRANCH + 2 + (_integers(constants) if constants > 1 else 0)
    return _SWITCH * ((blocks > 1) + (constants > 1))


def outcomes_by_kind(test: Test, shape: Shape) -> tuple[int, int]:
    """How many outcomes a test on constructors has among blocks, and among constants; ``shape``: any of its cases'."""
    tested = [case.value for case in test.cases if isinstance(case.value, Shape)]
    blocks = sum(bool(each.fields) for each in tested)
    constants = len(tested) - blocks
    if test.default is not None:
        blocks += blocks < shape.siblings - shape.constants
        constants += constants < shape.constants
    return blocks, constants


def _places(test: Test) -> int:
    """From how many places of a test on constructors its default is reached: from each constructor, in a switch."""
    tested = [case.value for case in test.cases if isinstance(case.value, Shape)]
    if not tested:
        return 1
    first = tested[0]
    left = first.siblings - len(tested)
    if first.constants and outcomes_by_kind(test, first)[0] < 2:  # on whether there is a block
        return 1 + (left > first.siblings - first.constants)
    return left
