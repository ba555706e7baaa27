"""Prices branches: tests, the loads of fields, and what arms compute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gymcc.envs.ocaml.cost.charges import BYTES, TIME, WORDS, Charge
from gymcc.envs.ocaml.cost.frame import BOX_WORDS, Frame
from gymcc.envs.ocaml.cost.prices import Prices
from gymcc.envs.ocaml.ir import Atom, Case, Constant, Decision, Evaluate, Leaf, Match, Scalar, Shape, Test, Variable
from gymcc.envs.ocaml.primitives import Kind

if TYPE_CHECKING:
    from gymcc.envs.ocaml.cost.pricing import Pricer


def price_match(pricer: Pricer, frame: Frame, variable: Variable, match: Match, tail: bool) -> None:
    """Decide and compute an arm; the value is a raw double if all arms' are and it is not returned."""
    around = pricer.charges.current
    raw = _tree(pricer, frame, match.tree)
    results: list[tuple[Atom, Charge]] = []
    with frame.branches() as branches:
        for number, arm in enumerate(match.arms):
            branches.start()
            charge = pricer.charges.at(arm.body.path, arm.body.id)
            for index, param in enumerate(arm.params):
                frame.bind(param)
                if (number, index) in raw:
                    frame.raw.add(param.id)
            pricer.block(frame, arm.body, tail)
            if not tail:
                frame.touch(arm.body.result)
                _constant(frame, arm.body.result)
            results.append((arm.body.result, charge))
    pricer.charges.current = around
    frame.compared = None
    frame.bind(variable)
    if not tail and variable.kind in (Kind.FLOAT, Kind.ANY):
        _join(frame, variable, results)


def _constant(frame: Frame, result: Atom) -> None:
    """An arm whose value is a constant puts it into a register; nobody looks at a unit."""
    if isinstance(result, Constant) and result.scalar not in (Scalar.UNIT, Scalar.FLOAT):
        frame.pay(1)


def price_test(frame: Frame, on: Atom) -> None:
    """Branch on a boolean; a comparison just before it is fused with it."""
    prices = frame.prices
    if frame.compared is not None and frame.compared[0] == on:
        charge = frame.compared[1]
        charge[TIME] -= prices.boolean
        charge[BYTES] -= prices.boolean * prices.instruction_bytes
        frame.pay(prices.branch)
    else:
        frame.touch(on)
        frame.pay(prices.compare + prices.branch)
    frame.compared = None


def _join(frame: Frame, variable: Variable, results: list[tuple[Atom, Charge]]) -> None:
    raw = [frame.is_raw(atom) for atom, _ in results]
    if not any(raw):
        return
    if all(raw):
        frame.raw.add(variable.id)
        return
    for atom, charge in results:
        if not isinstance(atom, Constant) and frame.is_raw(atom):
            charge[TIME] += frame.prices.box
            charge[BYTES] += frame.prices.box * frame.prices.instruction_bytes
            charge[WORDS] += BOX_WORDS


def _tree(pricer: Pricer, frame: Frame, node: Decision) -> set[tuple[int, int]]:
    """Price a decision tree; the parameters of arms that are passed raw doubles, by arm and index."""
    raw: set[tuple[int, int]] = set()
    while isinstance(node, Evaluate):
        pricer.bindings(frame, node.bindings)
        node = node.then
    if isinstance(node, Leaf):
        for index, arg in enumerate(node.args):
            frame.touch(arg)
            if not isinstance(arg, Constant) and frame.is_raw(arg):
                raw.add((node.arm, index))
    elif isinstance(node, Test):
        _test(frame, node)
        around = pricer.charges.current
        with frame.branches() as branches:
            for case in _outcomes(node):
                branches.start()
                pricer.charges.at(case.path, case.id)
                _fields(frame, case)
                raw |= _tree(pricer, frame, case.then)
        pricer.charges.current = around
    return raw


def _outcomes(test: Test) -> tuple[Case, ...]:
    return test.cases if test.default is None else (*test.cases, test.default)


def _test(frame: Frame, test: Test) -> None:
    prices, outcomes = frame.prices, _outcomes(test)
    shape = next((case.value for case in test.cases if isinstance(case.value, Shape)), None)
    if len(outcomes) == 1:
        frame.touch(test.on)
    elif len(outcomes) > 2:
        frame.touch(test.on)
        frame.pay(prices.switch + (shape is not None and _mixed(shape)))
    elif shape is None:
        price_test(frame, test.on)
    else:
        frame.touch(test.on)
        frame.pay(_told_apart(prices, shape))
    frame.step()


def _mixed(shape: Shape) -> bool:
    """Whether values of the type are immediate or blocks."""
    return 0 < shape.constants < shape.siblings


def _told_apart(prices: Prices, shape: Shape) -> int:
    """Whether a value is of one constructor: immediate or not, then which constant, or the tag that is loaded."""
    test = prices.compare + prices.branch
    kind = test if _mixed(shape) else 0
    if shape.fields:
        return kind + (prices.load + test if shape.siblings - shape.constants > 1 else 0)
    return kind + (test if shape.constants > 1 else 0)


def _fields(frame: Frame, case: Case) -> None:
    for field in case.fields:
        if field is not None:
            frame.pay(frame.prices.load)
            frame.bind(field)
