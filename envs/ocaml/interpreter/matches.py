"""Matches as Python source: decision trees as ``if`` chains.

An arm that one leaf leads to is written there, and so is one that computes nothing. Other arms follow the tree: their
leaves leave their number in a variable.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gymcc.envs.ocaml.interpreter.cells import Region
from gymcc.envs.ocaml.interpreter.texts import constant
from gymcc.envs.ocaml.ir import Case, Constant, Decision, Evaluate, Fail, Leaf, Match, Scalar, Shape, Test
from gymcc.envs.ocaml.walk import decisions

if TYPE_CHECKING:
    from gymcc.envs.ocaml.interpreter.emit import FunctionWriter

RETURN = "return"


@dataclass(slots=True)
class _Writing:
    """A match being written: where its value goes, its arms that follow the tree, and how often arms run."""

    match: Match
    destination: str
    selector: str
    shared: set[int]
    regions: dict[int, Region] = field(default_factory=dict)


class MatchWriter:
    """Writes the matches of one function."""

    def __init__(self, writer: FunctionWriter) -> None:
        self._writer = writer
        self._count = 0

    def match(self, match: Match, destination: str, region: Region) -> None:
        """Write a match; its value goes to ``destination``."""
        leaves = Counter(node.arm for node in decisions(match.tree) if isinstance(node, Leaf))
        shared = {arm for arm, count in leaves.items() if count > 1 and match.arms[arm].body.bindings}
        self._count += 1
        writing = _Writing(match, destination, f"m{self._count}", shared)
        self._tree(match.tree, writing, region)
        self._shared(writing)
        for arm, ran in writing.regions.items():
            self._writer.cells.same(match.arms[arm].body.id, ran)

    def _shared(self, writing: _Writing) -> None:
        keyword = "if"
        for arm in sorted(writing.shared):
            with self._writer.lines.under(f"{keyword} {writing.selector} == {arm}:"):
                self._writer.nested(writing.match.arms[arm].body, writing.destination, writing.regions[arm])
            keyword = "elif"

    def _tree(self, node: Decision, writing: _Writing, region: Region) -> None:
        while isinstance(node, Evaluate):
            then = (node.then.on,) if isinstance(node.then, Test) else ()
            self._writer.run(node.bindings, then, region)
            node = node.then
        if isinstance(node, Leaf):
            self._leaf(node, writing, region)
        elif isinstance(node, Fail):
            self._writer.lines.add("no_match()", node.at)
        else:
            self._test(node, writing)

    def _leaf(self, leaf: Leaf, writing: _Writing, region: Region) -> None:
        arm, naming, lines = writing.match.arms[leaf.arm], self._writer.naming, self._writer.lines
        writing.regions[leaf.arm] = writing.regions.get(leaf.arm, ()) + region
        texts = naming.texts(leaf.args)
        if leaf.arm in writing.shared:
            for param, text in zip(arm.params, texts, strict=True):
                lines.add(f"v{param.id} = {text}")
            lines.add(f"{writing.selector} = {leaf.arm}")
            return
        for param, text in zip(arm.params, texts, strict=True):
            naming.alias(param.id, text)
        self._writer.nested(arm.body, writing.destination, region)
        if writing.shared and writing.destination != RETURN:
            lines.add(f"{writing.selector} = -1")

    def _test(self, test: Test, writing: _Writing) -> None:
        cases = test.cases if test.default is None else (*test.cases, test.default)
        on = self._tested(test, len(cases))
        if len(cases) == 1:
            self._case(cases[0], on, writing)
            return
        for index, case in enumerate(cases):
            condition = _condition(case, on)
            header = f"if {condition}:" if index == 0 else f"elif {condition}:"
            with self._writer.lines.under("else:" if index == len(cases) - 1 else header):
                self._case(case, on, writing)

    def _tested(self, test: Test, cases: int) -> str:
        on = self._writer.naming.text(test.on)
        if cases == 1 or on.isidentifier() or test.cases[0].value == Constant(Scalar.BOOL, 1):
            return on
        self._writer.lines.add(f"t = {on}")
        return "t"

    def _case(self, case: Case, on: str, writing: _Writing) -> None:
        cell = self._writer.cells.counter(case.id)
        self._writer.lines.add(f"k[{cell}] += 1")
        for index, variable in enumerate(case.fields):
            if variable is not None and self._writer.naming.uses[variable.id]:
                self._writer.lines.add(f"v{variable.id} = {on}[{index + 1}]")
        self._tree(case.then, writing, (cell,))


def _condition(case: Case, on: str) -> str:
    value = case.value
    if isinstance(value, Shape):
        return f"{on}[0] == {value.index}"
    if value is None:
        return ""  # a default stands last
    if value.scalar is Scalar.BOOL:
        return on if value.value else f"not {on}"
    if isinstance(value.value, Shape):
        return f"{on}[0] == {value.value.index}"
    return f"{on} == {constant(value)}"
