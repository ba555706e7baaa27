"""Random expressions of integers and doubles, whose values stay in bounds."""

from __future__ import annotations

from collections.abc import Mapping

from gymcc.envs.ocaml.generator.world import MAX_LEVEL, MAX_WORK, Callee, World

Scope = Mapping[str, str]  # types by variable
_CONSTANTS = (1, 2, 3, 5, 7, 11, 13, 31, 64, 127)
_SHARES = ("0.5", "0.25", "0.75", "0.125", "0.9")


class Expressions:
    """Writes the expressions of one function; ``calls`` is how many it may still make.

    ``work`` and ``level`` are those of the function as written so far.
    """

    def __init__(self, world: World, calls: int, top: int = MAX_LEVEL) -> None:
        self.world, self.random = world, world.random
        self.calls, self.top = calls, top
        self.work = 1
        self.level = 0

    def of(self, type_: str, scope: Scope, depth: int) -> str:
        """An expression in brackets where it needs some."""
        if self.calls > 0 and self.random.random() < 0.6 and (call := self.call(type_, scope)):
            return call
        if depth <= 0:
            return self._leaf(type_, scope)
        return self._float(scope, depth - 1) if type_ == "float" else self._int(scope, depth - 1)

    def call(self, result: str, scope: Scope) -> str:
        """A call for a result; empty if nothing can be called."""
        known = self.world.callable(result, self.top, MAX_WORK - self.work)
        return self.call_of(self.random.choice(known), scope) if known else ""

    def call_of(self, callee: Callee, scope: Scope, argument: str = "") -> str:
        """A call of a function, its first argument given or not."""
        self.calls -= 1
        self.world.sites += 1
        self.work += callee.work
        self.level = max(self.level, callee.level + 1)
        params = callee.params[1:] if argument else callee.params
        args = [*callee.given, *([argument] if argument else []), *(self._argument(type_, scope) for type_ in params)]
        return f"({callee.name} {' '.join(args)})"

    def _argument(self, type_: str, scope: Scope) -> str:
        if type_ == "int -> int":
            return self._function(scope)
        return self.of(type_, scope, 1 if self.random.random() < 0.5 else 0)

    def _function(self, scope: Scope) -> str:
        """A function of one integer, which does not call far."""
        unary = [each for each in self.world.callable("int", 2, 4) if each.params == ("int",) and not each.given]
        if unary and self.random.random() < 0.5:
            return self.random.choice(unary).name
        inner = {**{name: type_ for name, type_ in scope.items() if type_ == "int"}, "v": "int"}
        self.world.functions += 1
        calls, self.calls = self.calls, 0
        body = self._int(inner, 0)
        self.calls = calls
        return f"(fun v -> {body})"

    def _leaf(self, type_: str, scope: Scope) -> str:
        names = [name for name, found in scope.items() if found == type_]
        if names and self.random.random() < 0.8:
            return self.random.choice(names)
        return self.random.choice(_SHARES) if type_ == "float" else str(self.random.choice(_CONSTANTS))

    def _int(self, scope: Scope, depth: int) -> str:
        pick, constant = self.random.random(), self.random.choice(_CONSTANTS)
        if pick < 0.3:
            return f"({self.of('int', scope, depth)} {self.random.choice('+-')} {self.of('int', scope, depth)})"
        if pick < 0.45:
            return f"(({self.of('int', scope, depth)} * {constant}) land 0xFFFF)"
        if pick < 0.6:
            operator = self.random.choice(("land", "lxor", "lor"))
            return f"({self.of('int', scope, depth)} {operator} {self.of('int', scope, depth)})"
        if pick < 0.7:
            return f"({self.of('int', scope, depth)} {self.random.choice(('mod', '/'))} {constant})"
        return f"(if {self.condition(scope)} then {self.of('int', scope, depth)} else {self.of('int', scope, depth)})"

    def _float(self, scope: Scope, depth: int) -> str:
        pick, share = self.random.random(), self.random.choice(_SHARES)
        left, right = self.of("float", scope, depth), self.of("float", scope, depth)
        if pick < 0.35:
            return f"(({left} {self.random.choice(('+.', '-.'))} {right}) *. {share})"
        if pick < 0.7:
            return f"({left} {self.random.choice(('+.', '-.'))} ({right} *. {share}))"
        if pick < 0.85:
            return f"({left} /. (1.0 +. abs_float {right}))"
        return f"(if {left} < {right} then {left if left.isidentifier() else share} else {share})"

    def condition(self, scope: Scope, rare: bool = False) -> str:
        """A test of integers; ``rare``: true about once in a hundred times."""
        value = self._leaf("int", scope)
        if rare:
            return f"{value} land 127 = {self.random.randint(0, 127)}"
        comparison = self.random.choice(("<", ">", "=", "<>"))
        return f"{value} land {self.random.choice((1, 3, 7))} {comparison} {self.random.choice((0, 1, 2))}"
