"""Types for Python values, from how a function uses them.

Every variable, attribute name, element of a container and call result is a term. Terms that are assigned to each other
or meet in arithmetic or a comparison have one type; it is OTHER if any of them is used as an object, else the widest
number seen, and OTHER where nothing is known.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterable, Mapping

from gymcc.benchmarks.jitcse_corpus.known import (
    DOUBLE_RESULTS,
    GROWERS,
    INT_RESULTS,
    MAP_METHODS,
    REF_RESULTS,
    is_constant_name,
)
from gymcc.benchmarks.jitcse_corpus.scope import COMPREHENSIONS, FUNCTIONS, FunctionNode, body_of
from gymcc.benchmarks.jitcse_corpus.syntax import called_name, is_character, is_display, is_float, is_none
from gymcc.envs.jitcse.ir import Type

Term = Hashable
RESULT: Term = "result"

_WHOLE_OPS = (ast.FloorDiv, ast.LShift, ast.RShift, ast.BitOr, ast.BitAnd, ast.BitXor)
_ORDERED = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_MATCHING = (ast.Eq, ast.NotEq, *_ORDERED)
_ANNOTATED = {"int": Type.INT, "bool": Type.INT, "float": Type.DOUBLE, "str": Type.OTHER, "bytes": Type.OTHER}
_WIDTH = (Type.INT, Type.LONG, Type.DOUBLE)


class Kinds:
    """What is known of the terms of one function."""

    def __init__(self, function: FunctionNode, given: Mapping[str, Type]) -> None:
        """Infer the types of a function, given those of some of its parameters and of names from outside."""
        self._above: dict[Term, Term] = {}
        self._evidence: dict[Term, set[Type]] = {}
        self._term_of: dict[int, Term] = {}
        self.sequences: set[Term] = set()  # indexed, iterated over or measured
        self.grown: set[Term] = set()  # lists that change their length here
        self.maps: set[Term] = set()
        for name, kind in given.items():
            self._is(("variable", name), kind)
        self._parameters(function)
        for statement in body_of(function):
            self._statement(statement)

    # Questions

    def of(self, node: ast.expr) -> Type:
        """The type of an expression."""
        return self.resolve(self._term_of.get(id(node), id(node)))

    def of_variable(self, name: str) -> Type:
        """The type of a variable."""
        return self.resolve(("variable", name))

    def of_result(self) -> Type:
        """The type that the function returns."""
        return self.resolve(RESULT)

    def resolve(self, term: Term) -> Type:
        """The type that the evidence for a term gives."""
        found = self._evidence.get(self._root(term), set())
        if Type.OTHER in found or not found:
            return Type.OTHER
        return max(found, key=_WIDTH.index)

    def of_elements(self, node: ast.expr) -> Type:
        """The type of the elements of a container."""
        return self.resolve(("element", self._term_of.get(id(node), id(node))))

    def same_as(self, node: ast.expr) -> Hashable:
        """Equal for expressions that are known to have one type."""
        return self._root(self._term_of.get(id(node), id(node)))

    def has(self, group: set[Term], node: ast.expr) -> bool:
        """Whether the value of an expression is in ``sequences``, ``grown`` or ``maps``."""
        term = self._term_of.get(id(node))
        return term is not None and term in group

    # Evidence

    def _root(self, term: Term) -> Term:
        while (above := self._above.get(term)) is not None:
            term = above
        return term

    def _same(self, *terms: Term) -> Term:
        first = self._root(terms[0])
        for term in terms[1:]:
            root = self._root(term)
            if root != first:
                self._above[root] = first
                self._evidence.setdefault(first, set()).update(self._evidence.pop(root, ()))
        return first

    def _is(self, term: Term, kind: Type) -> Term:
        self._evidence.setdefault(self._root(term), set()).add(kind)
        return term

    def _parameters(self, function: FunctionNode) -> None:
        args = function.args
        positional = [*args.posonlyargs, *args.args]
        pairs = [*zip(reversed(positional), reversed(args.defaults), strict=False)]
        pairs += [
            (each, value) for each, value in zip(args.kwonlyargs, args.kw_defaults, strict=True) if value is not None
        ]
        for parameter, value in pairs:
            self._same(("variable", parameter.arg), self._visit(value))
        for parameter in (*positional, *args.kwonlyargs):
            self._annotated(("variable", parameter.arg), parameter.annotation)
        for starred in (args.vararg, args.kwarg):
            if starred is not None:
                self._is(("variable", starred.arg), Type.OTHER)

    def _annotated(self, term: Term, annotation: ast.expr | None) -> None:
        if isinstance(annotation, ast.Name) and annotation.id in _ANNOTATED:
            self._is(term, _ANNOTATED[annotation.id])

    # Statements

    def _statement(self, node: ast.AST) -> None:
        """Visit a statement, or part of one, and what it holds."""
        if isinstance(node, ast.expr):
            self._visit(node)
        elif isinstance(node, ast.Assign):
            value = self._visit(node.value)
            for target in node.targets:
                self._assign(target, value, node.value)
        elif isinstance(node, ast.AugAssign):
            self._same(self._visit(node.target), self._arithmetic(node.target, node.op, node.value))
        elif isinstance(node, ast.AnnAssign):
            self._annotated(self._visit(node.target), node.annotation)
            if node.value is not None:
                self._same(self._visit(node.target), self._visit(node.value))
        elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            self._loop(node.target, node.iter)
            for part in (*getattr(node, "body", ()), *getattr(node, "orelse", ()), *getattr(node, "ifs", ())):
                self._statement(part) if isinstance(part, ast.stmt) else self._condition(part)
        elif isinstance(node, ast.Return):
            if node.value is not None:
                self._same(RESULT, self._visit(node.value))
        elif isinstance(node, ast.If | ast.While | ast.Assert):
            self._condition(node.test)
            for part in (*getattr(node, "body", ()), *getattr(node, "orelse", ())):
                self._statement(part)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for part in ast.iter_child_nodes(node):
                self._statement(part)

    def _assign(self, target: ast.expr, value: Term, source: ast.expr | None) -> None:
        """A target gets a value; tuples part by part where the source is one, too."""
        if not isinstance(target, ast.Tuple | ast.List):
            self._same(self._visit(target), value)
            return
        parts = source.elts if isinstance(source, ast.Tuple | ast.List) else []
        for index, each in enumerate(target.elts):
            part = parts[index] if len(parts) == len(target.elts) else None
            self._assign(each, ("part", id(each)) if part is None else self._visit(part), part)

    def _loop(self, target: ast.expr, source: ast.expr) -> None:
        name = called_name(source)
        term = self._visit(source)
        self.sequences.add(term)
        if name == "range":
            self._is(self._visit(target), Type.INT)
        elif name == "enumerate" and isinstance(target, ast.Tuple) and len(target.elts) == 2:
            assert isinstance(source, ast.Call)
            self._is(self._visit(target.elts[0]), Type.INT)
            self._assign(target.elts[1], self._element(source.args[0]) if source.args else id(source), None)
        else:
            self._assign(target, ("element", term), None)

    def _element(self, container: ast.expr) -> Term:
        term = self._visit(container)
        self.sequences.add(term)
        return ("element", term)

    def _condition(self, node: ast.expr) -> None:
        """An expression used for its truth only: what ``and`` and ``or`` join need not be of one type."""
        if isinstance(node, ast.BoolOp):
            for value in node.values:
                self._condition(value)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            self._condition(node.operand)
        else:
            self._visit(node)

    # Expressions

    def _visit(self, node: ast.expr) -> Term:
        """The term of an expression; visited once."""
        known = self._term_of.get(id(node))
        if known is None:
            self._term_of[id(node)] = id(node)  # an expression holds itself nowhere, but be safe
            known = self._term_of[id(node)] = self._fresh(node)
        return known

    def _fresh(self, node: ast.expr) -> Term:
        if isinstance(node, ast.Constant):
            return self._constant(node)
        if isinstance(node, ast.Name):
            return ("variable", node.id)
        if isinstance(node, ast.Attribute):
            self._is(self._visit(node.value), Type.OTHER)
            term = ("attribute", node.attr)
            return self._is(term, Type.INT) if is_constant_name(node.attr) else term
        if isinstance(node, ast.Subscript):
            return self._subscript(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.BinOp):
            return self._arithmetic(node.left, node.op, node.right)
        if isinstance(node, ast.Compare):
            return self._compare(node)
        return self._other(node)

    def _other(self, node: ast.expr) -> Term:
        if isinstance(node, ast.BoolOp):
            return self._same(*map(self._visit, node.values))
        if isinstance(node, ast.IfExp):
            self._condition(node.test)
            return self._same(self._visit(node.body), self._visit(node.orelse))
        if isinstance(node, ast.NamedExpr):
            return self._same(self._visit(node.target), self._visit(node.value))
        if isinstance(node, ast.UnaryOp):
            if isinstance(node.op, ast.Not):
                self._condition(node.operand)
                return self._is(id(node), Type.INT)
            return self._is(self._visit(node.operand), Type.INT)
        if not isinstance(node, FUNCTIONS):
            self._statement_parts(node)
        return (
            id(node)
            if isinstance(node, ast.Await | ast.Yield | ast.YieldFrom | ast.Starred)
            else self._is(id(node), Type.OTHER)
        )

    def _statement_parts(self, node: ast.expr) -> None:
        """The parts of a display or comprehension, whose loops come first."""
        generators: Iterable[ast.AST] = node.generators if isinstance(node, COMPREHENSIONS) else ()
        for part in (*generators, *ast.iter_child_nodes(node)):
            self._statement(part)
        if isinstance(node, ast.Dict | ast.DictComp):
            self.maps.add(id(node))

    def _constant(self, node: ast.Constant) -> Term:
        value = node.value
        if isinstance(value, int):
            return self._is(id(node), Type.INT if -(2**31) <= value < 2**31 else Type.LONG)
        if value is None:
            return id(node)
        return self._is(id(node), Type.DOUBLE if isinstance(value, float) else Type.OTHER)

    def _subscript(self, node: ast.Subscript) -> Term:
        base = self._is(self._visit(node.value), Type.OTHER)
        if isinstance(node.slice, ast.Slice):
            for part in (node.slice.lower, node.slice.upper, node.slice.step):
                if part is not None:
                    self._is(self._visit(part), Type.INT)
            return self._is(id(node), Type.OTHER)
        self._visit(node.slice)
        self.sequences.add(base)
        if isinstance(node.slice, ast.Constant) and not isinstance(node.slice.value, int):
            self.maps.add(base)
        return ("element", base)

    def _call(self, node: ast.Call) -> Term:
        name = called_name(node)
        arguments = [self._visit(each) for each in (*node.args, *(keyword.value for keyword in node.keywords))]
        receiver = self._visit(node.func.value) if isinstance(node.func, ast.Attribute) else None
        if receiver is not None:
            self._is(receiver, Type.OTHER)
            if name in GROWERS:
                self.grown.add(receiver)
            if name in MAP_METHODS:
                self.maps.add(receiver)
        else:
            self._visit(node.func)
        return self._result(node, name, arguments)

    def _result(self, node: ast.Call, name: str, arguments: list[Term]) -> Term:
        if name == "range":
            for argument in arguments:
                self._is(argument, Type.INT)
        if name == "len" and arguments:
            self.sequences.add(self._is(arguments[0], Type.OTHER))
        if name in ("abs", "min", "max", "divmod", "sum") and len(arguments) == len(node.args) > (name != "abs"):
            return self._same(*arguments)
        if name in ("append", "add") and arguments and isinstance(node.func, ast.Attribute):
            self._same(("element", self._visit(node.func.value)), arguments[0])
        for names, kind in ((INT_RESULTS, Type.INT), (DOUBLE_RESULTS, Type.DOUBLE), (REF_RESULTS, Type.OTHER)):
            if name in names:
                return self._is(id(node), kind)
        return ("call", name) if name else id(node)

    def _arithmetic(self, left: ast.expr, op: ast.operator, right: ast.expr) -> Term:
        a, b = self._visit(left), self._visit(right)
        if isinstance(op, ast.Div):
            self._is(self._is_number(a), Type.INT)
            self._is(self._is_number(b), Type.INT)
            return self._is(("quotient", id(left)), Type.DOUBLE)
        if is_float(left) or is_float(right):
            self._is_number(b if is_float(left) else a)
            return self._is(("product", id(left)), Type.DOUBLE)
        if isinstance(op, ast.Mult) and (is_display(left) or is_display(right)):
            self._is(b if is_display(left) else a, Type.INT)
            return self._is(("repeated", id(left)), Type.OTHER)
        if isinstance(op, ast.Mod) and is_display(left):
            return self._is(("formatted", id(left)), Type.OTHER)
        joined = self._same(a, b)
        return (
            self._is(joined, Type.INT) if isinstance(op, (*_WHOLE_OPS, ast.Sub, ast.Mult, ast.Mod, ast.Pow)) else joined
        )

    def _is_number(self, term: Term) -> Term:
        return self._is(term, Type.INT)

    def _compare(self, node: ast.Compare) -> Term:
        sides = [node.left, *node.comparators]
        for left, op, right in zip(sides, node.ops, sides[1:], strict=False):
            if is_character(left) or is_character(right):
                self._compare_character(left, op, right)
                continue
            a, b = self._visit(left), self._visit(right)
            if isinstance(op, _MATCHING) and not is_none(left) and not is_none(right):
                self._same(a, b)
            if isinstance(op, _ORDERED):
                self._is(a, Type.INT)
        return self._is(id(node), Type.INT)

    def _compare_character(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> None:
        """``c == 'x'``: weak evidence that c is a character, a small number in C#, unless c is used as a string."""
        text, other = (left, right) if is_character(left) else (right, left)
        term = self._visit(other)
        if isinstance(op, _MATCHING):
            self._term_of[id(text)] = self._same(("character", id(text)), term)
            self._is(term, Type.INT)
        else:
            self._visit(text)
