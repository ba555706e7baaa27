"""Loops: counted, over arrays, with an enumerator, and ``while``; inverted as RyuJIT does, comprehensions too."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from gymcc.benchmarks.jitcse_corpus.known import ARRAY_RESULTS
from gymcc.benchmarks.jitcse_corpus.lowering.calls import Calls
from gymcc.benchmarks.jitcse_corpus.lowering.containers import LIST_VERSION, ONE
from gymcc.benchmarks.jitcse_corpus.lowering.core import Loop, needs_flow
from gymcc.benchmarks.jitcse_corpus.syntax import called_name
from gymcc.envs.jitcse.builder import LOOP_SCALE, Label
from gymcc.envs.jitcse.ir import Node, Op, Type
from gymcc.envs.jitcse.trees import binary, call, compare, constant, field, local, repeatable, store_local

INVERTED = 16  # nodes of a test that is worth writing out twice
ZERO = constant(Type.INT, 0)
Action = Callable[[], None]
Test = Callable[[Label, Label], None]


class Loops(Calls):
    """Lowering of loops."""

    def loop(self, test: Test, body: Action, step: Action, orelse: Action, twice: bool = True) -> None:
        """``while (test) { body; step }``, then ``orelse``; ``twice``: the test at the entry and at the end.

        ``continue`` leads to ``step``, ``break`` past ``orelse``.
        """
        before, inside, following, done, after = Label(), Label(), Label(), Label(), Label()
        if twice:
            test(before, done)
            self.builder.place(before)
        with self.builder.scaled(LOOP_SCALE):
            start = Label()
            self.builder.place(start)
            if not twice:
                test(inside, done)
            self.builder.place(inside)
            self.loops.append(Loop(after, following, len(self.finals)))
            body()
            self.loops.pop()
            self.builder.place(following)
            step()
            if twice:
                test(start, done)
            self.builder.jump(start)
        self.builder.place(done)
        orelse()
        self.builder.place(after)

    def while_loop(self, node: ast.While) -> None:
        """A ``while`` statement."""
        small = not needs_flow(node.test) or isinstance(node.test, ast.BoolOp)
        twice = small and sum(1 for _ in ast.walk(node.test)) <= INVERTED and not isinstance(node.test, ast.Constant)

        def test(yes: Label, no: Label) -> None:
            self.condition(node.test, yes, no)

        self.loop(test, lambda: self.body(node.body), _nothing, lambda: self.body(node.orelse), twice)

    def for_loop(self, target: ast.expr, source: ast.expr, body: Action, orelse: Action) -> None:
        """A loop of the shape that its source suggests."""
        name = called_name(source)
        arguments = source.args if isinstance(source, ast.Call) and not source.keywords else []
        plain = (
            isinstance(source, ast.Call)
            and isinstance(source.func, ast.Name)
            and not any(isinstance(each, ast.Starred) for each in arguments)
        )
        pair = isinstance(target, ast.Tuple) and len(target.elts) == 2
        if plain and name == "range" and 1 <= len(arguments) <= 3:
            self._over_range(target, arguments, body, orelse)
        elif plain and name == "enumerate" and len(arguments) == 1 and pair and self._is_array(arguments[0]):
            assert isinstance(target, ast.Tuple)
            self._over_arrays([target.elts[1]], arguments, body, orelse, target.elts[0])
        elif plain and name == "zip" and pair and len(arguments) == 2 and all(map(self._is_array, arguments)):
            assert isinstance(target, ast.Tuple)
            self._over_arrays(target.elts, arguments, body, orelse)
        elif self._is_array(source):
            self._over_arrays([target], [source], body, orelse)
        else:
            self._over_enumerator(target, source, body, orelse)

    def _is_array(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            return not self.kinds.has(self.kinds.maps, node) and not self.is_module(node)
        return isinstance(node, ast.List | ast.Tuple | ast.ListComp) or called_name(node) in ARRAY_RESULTS

    def _over_range(self, target: ast.expr, arguments: list[ast.expr], body: Action, orelse: Action) -> None:
        """``for (i = start; i < limit; i += step)``; a limit that is a length or a local is read in every test."""
        step = _constant_step(arguments)
        start = self.as_kind(arguments[0], Type.INT) if len(arguments) > 1 else ZERO
        counter = self.counter(target)
        here = local(counter, Type.INT)
        self.builder.emit(store_local(counter, start))
        limit = self._limit(arguments[min(1, len(arguments) - 1)])
        stride = self.kept(self.as_kind(arguments[2], Type.INT)) if step == 0 else constant(Type.INT, abs(step))

        def test(yes: Label, no: Label) -> None:
            self.builder.branch(compare(Op.GT if step < 0 else Op.LT, here, limit), yes, no)

        def run() -> None:
            if here != self.value(target):
                self.assign(target, here)
            body()

        def advance() -> None:
            self.builder.emit(store_local(counter, binary(Op.SUB if step < 0 else Op.ADD, here, stride)))

        self.loop(test, run, advance, orelse)

    def _limit(self, node: ast.expr) -> Node:
        value = self.as_kind(node, Type.INT)
        return value if repeatable(value) or value.op is Op.LENGTH else self.builder.keep(value)

    def _over_arrays(
        self,
        targets: Sequence[ast.expr],
        sources: Sequence[ast.expr],
        body: Action,
        orelse: Action,
        index: ast.expr | None = None,
    ) -> None:
        """``foreach`` over the elements of arrays in step, the first one's length the limit."""
        arrays = [self.handy(self.converted(value, Type.OTHER)) for value in self.operands(*sources)]
        counter = self.builder.new_local(Type.INT)
        here = local(counter, Type.INT)
        self.builder.emit(store_local(counter, ZERO))
        listed = self.is_list(sources[0])
        version = self.builder.keep(field(Type.INT, arrays[0], LIST_VERSION)) if listed else ZERO

        def test(yes: Label, no: Label) -> None:
            if listed:
                self._same_version(arrays[0], version)
            self.builder.branch(compare(Op.LT, here, self.size(sources[0], arrays[0])), yes, no)

        def run() -> None:
            if index is not None:
                self.assign(index, here)
            for target, source, array in zip(targets, sources, arrays, strict=True):
                kind = Type.OTHER if isinstance(target, ast.Tuple | ast.List) else self.kinds.of(target)
                self.assign(target, self.element(kind, source, array, here))
            body()

        def advance() -> None:
            self.builder.emit(store_local(counter, binary(Op.ADD, here, ONE)))

        self.loop(test, run, advance, orelse, twice=not listed)

    def _same_version(self, array: Node, version: Node) -> None:
        """A list must not change while it is enumerated."""
        fine, changed = Label(), Label()
        self.builder.branch(compare(Op.EQ, version, field(Type.INT, array, LIST_VERSION)), fine, changed)
        self.builder.place(changed)
        self.builder.rarely_run()
        self.builder.emit(call(Type.VOID, "ThrowVersionChanged"))
        self.builder.returns()
        self.builder.place(fine)

    def _over_enumerator(self, target: ast.expr, source: ast.expr, body: Action, orelse: Action) -> None:
        """``foreach`` over anything: GetEnumerator, MoveNext, Current."""
        enumerator = self.builder.keep(call(Type.OTHER, "GetEnumerator", self.as_kind(source, Type.OTHER)))

        def test(yes: Label, no: Label) -> None:
            self.builder.branch(compare(Op.NE, call(Type.INT, "MoveNext", enumerator), ZERO), yes, no)

        def run() -> None:
            kind = Type.OTHER if isinstance(target, ast.Tuple | ast.List) else self.kinds.of(target)
            self.assign(target, call(kind, "get_Current", enumerator))
            body()

        self.loop(test, run, _nothing, orelse, twice=False)

    def comprehension(self, node: ast.expr, generators: list[ast.comprehension], values: list[ast.expr]) -> Node:
        """A list, set or dictionary filled by loops."""
        found = self.builder.keep(
            call(Type.OTHER, "New", self.collection(type(node).__name__, node, *([each] for each in values)))
        )

        def add() -> None:
            parts = self.operands(*values)
            if isinstance(node, ast.ListComp | ast.GeneratorExp):
                self.add(found, self.handy(parts[0]))
            else:
                self.builder.emit(call(Type.VOID, "Add", found, *parts))

        with self.renamed([each.target for each in generators]):
            self._generate(generators, add)
        return found

    def _generate(self, generators: list[ast.comprehension], add: Action) -> None:
        if not generators:
            add()
            return
        first, rest = generators[0], generators[1:]

        def run() -> None:
            skip = Label()
            for test in first.ifs:
                following = Label()
                self.condition(test, following, skip)
                self.builder.place(following)
            self._generate(rest, add)
            self.builder.place(skip)

        self.for_loop(first.target, first.iter, run, _nothing)


def _nothing() -> None:
    """No step, no else."""


def _constant_step(arguments: list[ast.expr]) -> int:
    """The step of a range: 1 if it has none, 0 if it is not known."""
    if len(arguments) < 3:
        return 1
    try:
        step = ast.literal_eval(arguments[2])
    except ValueError:
        return 0
    return step if type(step) is int and 0 < abs(step) < 2**31 else 0
