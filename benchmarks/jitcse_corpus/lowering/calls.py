"""Calls: of methods, functions and modules, and what C# has as operators."""

from __future__ import annotations

import ast
import re

from gymcc.benchmarks.jitcse_corpus.known import CHARACTER_METHODS, MATH, is_class_name
from gymcc.benchmarks.jitcse_corpus.lowering.conditions import Conditions
from gymcc.benchmarks.jitcse_corpus.lowering.core import NUMBERS
from gymcc.benchmarks.jitcse_corpus.lowering.unrolled import character
from gymcc.benchmarks.jitcse_corpus.syntax import called_name, text_of
from gymcc.envs.jitcse.ir import Node, Type
from gymcc.envs.jitcse.trees import call, field, helper

_FOREIGN = re.compile(r"[^A-Za-z0-9_.]")
_CASTS = {"int": Type.INT, "float": Type.DOUBLE, "ord": Type.INT, "bool": Type.INT}


def plain(name: str) -> str:
    """A name with other letters than ASCII's replaced."""
    return _FOREIGN.sub("_", name)


class Calls(Conditions):
    """Lowering of calls."""

    def call(self, node: ast.Call) -> Node:
        """A call as a value."""
        name = called_name(node)
        free = isinstance(node.func, ast.Name) and name not in self.scope.locals
        if free and (tree := self._builtin(name, node)) is not None:
            return tree
        return self.plain_call(node, self.kinds.of(node))

    def plain_call(self, node: ast.Call, kind: Type) -> Node:
        """A call that stays one, with a result of ``kind``."""
        arguments = [each.value if isinstance(each, ast.Starred) else each for each in node.args]
        arguments += [keyword.value for keyword in node.keywords]
        func = node.func
        if isinstance(func, ast.Attribute):
            return self._method_call(func, arguments, kind)
        if isinstance(func, ast.Name) and func.id not in self.scope.locals and func.id not in self.scope.outer:
            if is_class_name(func.id):
                return self._constructed(func.id, arguments, kind)
            return call(kind, plain(func.id), *self.operands(*arguments))
        return call(kind, "Invoke", *self.operands(func, *arguments))

    def _constructed(self, name: str, arguments: list[ast.expr], kind: Type) -> Node:
        made = self.allocated(plain(name), *self.operands(*arguments))
        return made if kind is Type.VOID else self.converted(made, kind)

    def _method_call(self, func: ast.Attribute, arguments: list[ast.expr], kind: Type) -> Node:
        module = self.dotted(func.value)
        if module == "math" and func.attr in MATH and arguments:
            values = [self.converted(value, Type.DOUBLE) for value in self.operands(*arguments)]
            return self.converted(helper(Type.DOUBLE, f"Math.{func.attr}", *values), kind)
        if module and is_class_name(func.attr):
            return self._constructed(f"{module}.{func.attr}", arguments, kind)
        if module:
            return call(kind, plain(f"{module}.{func.attr}"), *self.operands(*arguments))
        if called_name(func.value) == "super" and self.scope.parameters:
            values = self.operands(*arguments)
            return call(kind, plain(f"Base.{func.attr}"), self.load_name(self.scope.parameters[0]), *values)
        if func.attr in CHARACTER_METHODS:
            return self._text_call(func, arguments, kind)
        return call(kind, plain(func.attr), *self.operands(func.value, *arguments))

    def _text_call(self, func: ast.Attribute, arguments: list[ast.expr], kind: Type) -> Node:
        """A method of strings: a text of one character is a ``char`` if all texts given are."""
        texts = [each for each in (func.value, *arguments) if text_of(each) is not None]
        if func.attr == "join" and text_of(func.value) == "":
            return call(kind, "String.Concat", *self.operands(*arguments))
        if any(len(text_of(each) or "") != 1 for each in texts):
            return call(kind, func.attr, *self.operands(func.value, *arguments))
        return call(kind, func.attr, *self.operands(*map(character, (func.value, *arguments))))

    def _builtin(self, name: str, node: ast.Call) -> Node | None:
        """What C# has no call for; None for the rest."""
        if node.keywords or any(isinstance(each, ast.Starred) for each in node.args):
            return None
        if name == "isinstance" and len(node.args) == 2:
            return self._isinstance(*node.args)
        if len(node.args) == 1:
            return self._unary_builtin(name, node.args[0])
        if name in ("min", "max") and len(node.args) == 2 and self.kinds.of(node) in NUMBERS:
            kind = self.kinds.of(node)
            left, right = self.operands(*node.args)
            return helper(kind, f"Math.{name}", self.converted(left, kind), self.converted(right, kind))
        return None

    def _unary_builtin(self, name: str, argument: ast.expr) -> Node | None:
        if name == "len":
            return self.size(argument, self.as_kind(argument, Type.OTHER))
        kind = self.kinds.of(argument)
        if name == "abs" and kind in NUMBERS:
            return helper(kind, "Math.Abs", self.as_kind(argument, kind))
        if name in _CASTS and kind in NUMBERS:
            return self.as_kind(argument, _CASTS[name])
        if name == "type":
            return field(Type.OTHER, self.as_kind(argument, Type.OTHER), 0)
        return None

    def _isinstance(self, subject: ast.expr, classes: ast.expr) -> Node:
        if isinstance(classes, ast.Name | ast.Attribute | ast.Tuple):
            return self.instance_test(self.value(subject), self.handle(ast.unparse(classes)))
        value, against = self.operands(subject, classes)
        return self.instance_test(value, against)
