"""Prices branches: tests, the loads of fields, and what arms compute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gymcc.envs.ocaml.cost.charges import BYTES, TIME, WORDS, Charge
from gymcc.envs.ocaml.cost.frame import BOX_WORDS, Frame
from gymcc.envs.ocaml.inliner.sizes import outcomes_by_kind
from gymcc.envs.ocaml.ir import Atom, Case, Constant, Decision, Evaluate, Leaf, Match, Scalar, Shape, Test, Variable
from gymcc.envs.ocaml.primitives import Kind
from gymcc.envs.ocaml.walk import decisions

if TYPE_CHECKING:
    from gymcc.envs.ocaml.cost.pricing import Pricer


def price_match(pricer: Pricer, frame: Frame, variable: Variable, match: Match, tail: bool) -> None:
    """Decide and compute an arm; the value is a raw double if all arms' are and it is not returned."""
    around = pricer.charges.current
    jumps = variable.id in frame.jumped
    tree = _Tree(pricer, frame, match)
    tree.price(match.tree)
    results: list[tuple[Atom, Charge]] = []
    with frame.branches() as branches:
        for number, arm in enumerate(match.arms):
            branches.start()
            if tree.leaves[number] > 1:
                frame.common.forget()
            charge = pricer.charges.at(arm.body.path, arm.body.id)
            for index, param in enumerate(arm.params):
                if (number, index) in tree.later:
                    frame.load_later(param, *tree.later[number, index])
                    continue
                frame.bind(param)
                if (number, index) in tree.raw:
                    frame.raw.add(param.id)
            pricer.block(frame, arm.body, tail)
            if jumps:
                _jump(frame, arm.body.result)
            elif not tail:
                frame.touch(arm.body.result)
                _constant(frame, arm.body.result)
            results.append((arm.body.result, charge))
    pricer.charges.current = around
    frame.compared = None
    if len(match.arms) > 1 and not jumps:
        frame.common.forget()
    frame.bind(variable)
    if not tail and variable.kind in (Kind.FLOAT, Kind.ANY):
        _join(frame, variable, results)


def is_condition(match: Match) -> bool:
    """Whether arms jump to where a branch on their value leads (``Cmmgen.transl_if``): all tests are of booleans."""
    tested = [case.value for node in decisions(match.tree) if isinstance(node, Test) for case in node.cases]
    return all(isinstance(value, Constant) and value.scalar is Scalar.BOOL for value in tested)


def _jump(frame: Frame, result: Atom) -> None:
    if not isinstance(result, Constant):
        price_test(frame, result)


def _constant(frame: Frame, result: Atom) -> None:
    """An arm whose value is a constant puts it into a register; nobody looks at a unit."""
    if isinstance(result, Constant) and result.scalar not in (Scalar.UNIT, Scalar.FLOAT):
        frame.pay(1)


def price_test(frame: Frame, on: Atom) -> None:
    """Branch on a boolean; a comparison just before it is fused with it."""
    prices = frame.prices
    if on in frame.jumped:
        pass
    elif frame.compared is not None and frame.compared[0] == on:
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


class _Tree:
    """Prices a decision tree. By arm and index of its parameters: ``raw``, those that are passed doubles without a box,
    and ``later``, those that need not be loaded before they are used, and from where. ``leaves``: how many by arm.
    """

    def __init__(self, pricer: Pricer, frame: Frame, match: Match) -> None:
        self._pricer, self._frame, self._match = pricer, frame, match
        self.raw: set[tuple[int, int]] = set()
        self.later: dict[tuple[int, int], tuple[Atom, int]] = {}
        self.leaves = [0] * len(match.arms)
        for node in decisions(match.tree):
            if isinstance(node, Leaf):
                self.leaves[node.arm] += 1

    def price(self, node: Decision) -> None:
        """Price a node and what is below it."""
        while isinstance(node, Evaluate):
            self._pricer.bindings(self._frame, node.bindings)
            node = node.then
        if isinstance(node, Leaf):
            self._leaf(node)
        elif isinstance(node, Test):
            self._test(node)

    def _leaf(self, leaf: Leaf) -> None:
        for index, arg in enumerate(leaf.args):
            place = leaf.arm, index
            source = self._frame.later(arg) if self.leaves[leaf.arm] == 1 else None
            if source is not None and self._frame.used_once(self._match.arms[leaf.arm].params[index].id):
                self.later[place] = source
                continue
            self._frame.touch(arg)
            if not isinstance(arg, Constant) and self._frame.is_raw(arg):
                self.raw.add(place)

    def _test(self, test: Test) -> None:
        frame, charges = self._frame, self._pricer.charges
        more = _told_apart(frame, test)
        frame.step()
        around = charges.current
        with frame.branches() as branches:
            for case, price in zip(_outcomes(test), more, strict=True):
                branches.start()
                charges.at(case.path, case.id)
                frame.pay(price, 0)
                for index, field in enumerate(case.fields):
                    if field is not None:
                        frame.load_later(field, test.on, index)
                self.price(case.then)
        charges.current = around


def _outcomes(test: Test) -> tuple[Case, ...]:
    return test.cases if test.default is None else (*test.cases, test.default)


def _told_apart(frame: Frame, test: Test) -> list[int]:
    """Pay for a test as far as all outcomes do; what each of them pays more."""
    prices, outcomes = frame.prices, _outcomes(test)
    shapes = [case.value for case in test.cases if isinstance(case.value, Shape)]
    if len(outcomes) == 2 and not shapes:
        price_test(frame, test.on)
        return [0, 0]
    frame.touch(test.on)
    if len(outcomes) == 1:
        return [0]
    if not shapes:
        frame.pay(prices.select(len(outcomes), tagged=True))
        return [0] * len(outcomes)
    blocks, constants = outcomes_by_kind(test, shapes[0])
    frame.pay(prices.compare + prices.branch if 0 < shapes[0].constants < shapes[0].siblings else 0)
    tag = prices.select(blocks, tagged=False) + (prices.load if blocks > 1 else 0)
    constant = prices.select(constants, tagged=True)
    frame.pay(0, (tag + constant) * prices.instruction_bytes)
    return [
        max(tag, constant) if not isinstance(case.value, Shape) else tag if case.value.fields else constant
        for case in outcomes
    ]
