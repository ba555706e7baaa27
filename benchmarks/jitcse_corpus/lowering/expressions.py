"""Expressions: constants, arithmetic, displays and values that need control flow."""

from __future__ import annotations

import ast
from collections.abc import Callable

from gymcc.benchmarks.jitcse_corpus.lowering.core import NUMBERS, Unsupported, is_large, needs_jumps
from gymcc.benchmarks.jitcse_corpus.lowering.loops import Loops
from gymcc.benchmarks.jitcse_corpus.scope import COMPREHENSIONS
from gymcc.envs.jitcse.builder import Label
from gymcc.envs.jitcse.ir import Node, Op, Type
from gymcc.envs.jitcse.trees import NULL, binary, call, constant, local, static, store_local

OPERATORS: dict[type[ast.operator], Op] = {
    ast.Add: Op.ADD,
    ast.Sub: Op.SUB,
    ast.Mult: Op.MUL,
    ast.Div: Op.DIV,
    ast.FloorDiv: Op.DIV,
    ast.Mod: Op.MOD,
    ast.BitAnd: Op.AND,
    ast.BitOr: Op.OR,
    ast.BitXor: Op.XOR,
    ast.LShift: Op.LSH,
    ast.RShift: Op.RSH,
}
_WHOLE_ONLY = (Op.AND, Op.OR, Op.XOR, Op.LSH, Op.RSH)


class Expressions(Loops):
    """Lowering of expressions."""

    def value(self, node: ast.expr) -> Node:
        """The tree of an expression."""
        lower = _LOWER.get(type(node))
        if lower is None:
            raise Unsupported(type(node).__name__)
        return lower(self, node)

    def constant(self, node: ast.Constant) -> Node:
        """A number, or the address of a text; one character is a number where the program treats it so."""
        value, kind = node.value, self.kinds.of(node)
        if value is None or value is Ellipsis:
            return NULL
        if isinstance(value, int):
            if not -(2**63) <= value < 2**63:
                return self.handle(value)
            return constant(Type.INT if -(2**31) <= value < 2**31 else Type.LONG, value)
        if isinstance(value, float):
            return constant(Type.DOUBLE, value)
        if kind is Type.INT and isinstance(value, str | bytes) and len(value) == 1:
            return constant(Type.INT, ord(value))
        return self.text(value) if isinstance(value, str | bytes) else self.handle(repr(value))

    def arithmetic(self, node: ast.BinOp) -> Node:
        """A binary operator; one that formats a text is a call with what it fills in."""
        if isinstance(node.op, ast.Mod) and isinstance(node.right, ast.Tuple) and self.kinds.of(node) is Type.OTHER:
            filled = [each.value if isinstance(each, ast.Starred) else each for each in node.right.elts]
            return call(Type.OTHER, "String.Format", *self.operands(node.left, *filled))
        left, right = self.operands(node.left, node.right)
        return self._operator(node.op, left, right, self.kinds.of(node))

    def operation(self, op: ast.operator, target: ast.expr, node: ast.expr, old: Node) -> Node:
        """``old op value``, of an augmented assignment."""
        return self._operator(op, old, self.value(node), self.kinds.of(target))

    def _operator(self, op: ast.operator, left: Node, right: Node, kind: Type) -> Node:
        code = OPERATORS.get(type(op))
        if isinstance(op, ast.Div):
            kind = Type.DOUBLE
        if code is None or kind not in NUMBERS or (code in _WHOLE_ONLY and kind is Type.DOUBLE):
            return call(kind, f"op_{type(op).__name__}", left, right)
        left = self.converted(left, kind)
        return binary(code, left, self.converted(right, Type.INT if code in (Op.LSH, Op.RSH) else kind))

    def unary(self, node: ast.UnaryOp) -> Node:
        """A unary operator."""
        if isinstance(node.op, ast.Not):
            return self._flag(node)
        if isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            return self._negative(node.operand)
        value = self.value(node.operand)
        if isinstance(node.op, ast.UAdd):
            return value
        if value.type not in NUMBERS or (isinstance(node.op, ast.Invert) and value.type is Type.DOUBLE):
            return call(value.type, f"op_{type(node.op).__name__}", value)
        return Node(Op.NEG if isinstance(node.op, ast.USub) else Op.NOT, value.type, (value,))

    def _negative(self, node: ast.Constant) -> Node:
        value = self.constant(node)
        if value.op is Op.CONST and isinstance(value.payload, int | float):
            return constant(value.type, -value.payload)
        return call(value.type, "op_USub", value)

    def _flag(self, node: ast.expr) -> Node:
        """The truth of an expression as 0 or 1."""
        return self._chosen(node, lambda: constant(Type.INT, 1), lambda: constant(Type.INT, 0), Type.INT)

    def _chosen(self, test: ast.expr, one: Callable[[], Node], other: Callable[[], Node], kind: Type) -> Node:
        """``test ? one : other`` through a temporary."""
        result = self.builder.new_local(kind)
        yes, no, end = Label(), Label(), Label()
        self.condition(test, yes, no)
        for label, value in ((yes, one), (no, other)):
            self.builder.place(label)
            self.builder.emit(store_local(result, self.converted(value(), kind)))
            self.builder.jump(end)
        self.builder.place(end)
        return local(result, kind)

    def choice(self, node: ast.IfExp) -> Node:
        """A conditional expression."""
        return self._chosen(
            node.test, lambda: self.value(node.body), lambda: self.value(node.orelse), self.kinds.of(node)
        )

    def junction(self, node: ast.BoolOp) -> Node:
        """``a and b`` as a value: the first that decides."""
        kind = self.kinds.of(node)
        result = self.builder.new_local(kind)
        end = Label()
        for index, each in enumerate(node.values):
            self.builder.emit(store_local(result, self.as_kind(each, kind)))
            if index < len(node.values) - 1:
                following = Label()
                test = Node(Op.NE, Type.INT, (local(result, kind), constant(kind, 0)))
                self.builder.branch(test, *((following, end) if isinstance(node.op, ast.And) else (end, following)))
                self.builder.place(following)
        self.builder.place(end)
        return local(result, kind)

    def chained(self, node: ast.Compare) -> Node:
        """A comparison as a value."""
        return self._flag(node) if needs_jumps(node) else self.comparison(node)

    def calling(self, node: ast.Call) -> Node:
        """A call, or a test that is written out in place of one."""
        return self._flag(node) if needs_jumps(node) else self.call(node)

    def named(self, node: ast.NamedExpr) -> Node:
        """``name := value``."""
        assert isinstance(node.target, ast.Name)
        self.store_name(node.target.id, self.value(node.value))
        return self.load_name(node.target.id)

    def display(self, node: ast.List | ast.Tuple | ast.Set) -> Node:
        """A list, set or tuple. The latter is a struct; one of constants only is a readonly static array."""
        if isinstance(node, ast.Tuple) and node.elts and all(isinstance(each, ast.Constant) for each in node.elts):
            return static(Type.OTHER, self.symbols.static(ast.unparse(node)))
        parts = [each.value if isinstance(each, ast.Starred) else each for each in node.elts]
        if isinstance(node, ast.Tuple) and not is_large(parts):
            return call(Type.OTHER, "ValueTuple", *self.operands(*parts))
        made = self.collection(type(node).__name__, node, parts)
        if not is_large(parts):
            return call(Type.OTHER, f"New.{type(node).__name__}", made, *self.operands(*parts))
        found = self.builder.keep(call(Type.OTHER, "New", made))
        for each in parts:
            self.builder.emit(call(Type.VOID, "Add", found, self.value(each)))
        return found

    def dictionary(self, node: ast.Dict) -> Node:
        """A dictionary display, its entries as one call's arguments."""
        entries = [part for pair in zip(node.keys, node.values, strict=True) for part in pair if part is not None]
        made = self.collection("Dict", node, [each for each in node.keys if each is not None], node.values)
        return call(Type.OTHER, "New.Dict", made, *self.operands(*entries))

    def joined(self, node: ast.JoinedStr) -> Node:
        """A formatted string."""
        return call(Type.OTHER, "String.Concat", *self.operands(*node.values))

    def delegate(self, node: ast.expr) -> Node:
        """An inner function as a value."""
        shared = self.shared
        return call(Type.OTHER, "NewDelegate", self.handle(f"lambda{node.lineno}.{node.col_offset}"), shared or NULL)

    def pause(self, node: ast.Yield | ast.YieldFrom | ast.Await) -> Node:
        """``yield`` and ``await``: control leaves through the state machine, a call for all that concerns memory."""
        given = [] if node.value is None else [self.value(node.value)]
        return call(self.kinds.of(node), type(node).__name__, *given)

    def comprehended(self, node: ast.expr) -> Node:
        """A comprehension."""
        assert isinstance(node, COMPREHENSIONS)
        values = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        return self.comprehension(node, node.generators, values)


Lower = Callable[[Expressions, ast.expr], Node]


def _table() -> dict[type[ast.expr], Lower]:
    def of(method: Callable[..., Node]) -> Lower:
        return lambda lowering, node: method(lowering, node)

    table: dict[type[ast.expr], Lower] = {
        ast.Constant: of(Expressions.constant),
        ast.Name: lambda lowering, node: lowering.load_name(node.id),  # type: ignore[attr-defined]
        ast.Attribute: of(Expressions.attribute),
        ast.Subscript: of(Expressions.subscript),
        ast.Call: of(Expressions.calling),
        ast.BinOp: of(Expressions.arithmetic),
        ast.UnaryOp: of(Expressions.unary),
        ast.Compare: of(Expressions.chained),
        ast.BoolOp: of(Expressions.junction),
        ast.IfExp: of(Expressions.choice),
        ast.NamedExpr: of(Expressions.named),
        ast.Dict: of(Expressions.dictionary),
        ast.JoinedStr: of(Expressions.joined),
        ast.Lambda: of(Expressions.delegate),
        ast.FormattedValue: lambda lowering, node: lowering.value(node.value),  # type: ignore[attr-defined]
        ast.Starred: lambda lowering, node: lowering.value(node.value),  # type: ignore[attr-defined]
    }
    table |= dict.fromkeys((ast.List, ast.Tuple, ast.Set), of(Expressions.display))
    table |= dict.fromkeys((ast.Yield, ast.YieldFrom, ast.Await), of(Expressions.pause))
    table |= dict.fromkeys(COMPREHENSIONS, of(Expressions.comprehended))
    return table


_LOWER = _table()
