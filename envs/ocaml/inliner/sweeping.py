"""Removes what has become useless: pure bindings that nobody uses, fields that nobody loads, parameters of arms."""

from __future__ import annotations

from collections.abc import Iterable

from gymcc.envs.ocaml.inliner.folding import divides
from gymcc.envs.ocaml.ir import (
    Arm,
    Atom,
    Binding,
    Block,
    Call,
    CallKind,
    Case,
    Decision,
    Evaluate,
    Fail,
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
    Test,
    While,
)
from gymcc.envs.ocaml.primitives import Effect
from gymcc.envs.ocaml.walk import atoms, decisions


class Sweep:
    """One sweep, from the end of a function's code to its start; ``used`` are the variables that later code names.

    As variables are bound once in a program, one set serves all scopes. ``drops``: functions that nobody names go too.
    """

    def __init__(self, used: Iterable[int], drops: bool) -> None:
        self.used = set(used)
        self.drops = drops

    def uses(self, atoms: Iterable[Atom]) -> None:
        """Later code names these atoms."""
        self.used.update([atom for atom in atoms if isinstance(atom, int)])

    def block(self, block: Block) -> Block:
        """A block without what is useless."""
        self.uses((block.result,))
        kept = self.bindings(block.bindings)
        return block if kept is block.bindings else Block(block.id, kept, block.result, block.path)

    def bindings(self, bindings: tuple[Binding, ...]) -> tuple[Binding, ...]:
        """Bindings without what is useless; the same object if nothing is."""
        kept: list[Binding] = []
        same = True
        for binding in reversed(bindings):
            new = self.binding(binding)
            same = same and new is binding
            if new is not None:
                kept.append(new)
        return bindings if same else tuple(reversed(kept))

    def binding(self, binding: Binding) -> Binding | None:
        """A binding without what is useless in it, None if it is useless itself."""
        if isinstance(binding, LetFunctions):
            if self.drops and not any(function.variable.id in self.used for function in binding.functions):
                return None
            return LetFunctions(tuple(self.function(f) for f in reversed(binding.functions))[::-1], binding.recursive)
        if binding.variable.id not in self.used and removable(binding.operation):
            return None
        operation = self._operation(binding.operation)
        return binding if operation is binding.operation else Let(binding.variable, operation)

    def function(self, f: Function) -> Function:
        """A function with its body swept."""
        body = self.block(f.body)
        if body is f.body:
            return f
        return Function(f.id, f.variable, f.params, body, f.free, f.group, f.result, f.at, f.path)

    def _operation(self, operation: Operation) -> Operation:
        self.uses(atoms(operation))
        if isinstance(operation, Match):
            return self._match(operation)
        elif isinstance(operation, While):
            body = self.block(operation.body)
            return While(self.block(operation.condition), body)
        elif isinstance(operation, For):
            return For(operation.variable, operation.first, operation.last, operation.down, self.block(operation.body))
        return operation

    def _match(self, match: Match) -> Match:
        bodies = [self.block(arm.body) for arm in match.arms]
        keep = [[i for i, param in enumerate(arm.params) if param.id in self.used] for arm in match.arms]
        tree = self._tree(match.tree, keep)
        arms = tuple(
            Arm(tuple(arm.params[i] for i in kept), body)
            for arm, kept, body in zip(match.arms, keep, bodies, strict=True)
        )
        return Match(tree, arms)

    def _tree(self, node: Decision, keep: list[list[int]]) -> Decision:
        if isinstance(node, Leaf):
            args = tuple(node.args[i] for i in keep[node.arm])
            self.uses(args)
            return Leaf(node.arm, args)
        if isinstance(node, Fail):
            return node
        if isinstance(node, Evaluate):
            then = self._tree(node.then, keep)
            bindings = self.bindings(node.bindings)
            return Evaluate(bindings, then) if bindings else then
        default = None if node.default is None else self._case(node.default, keep)
        cases = tuple(self._case(case, keep) for case in node.cases)
        self.uses((node.on,))
        return Test(node.on, cases, default)

    def _case(self, case: Case, keep: list[list[int]]) -> Case:
        then = self._tree(case.then, keep)
        fields = tuple(field if field is not None and field.id in self.used else None for field in case.fields)
        return Case(case.id, case.value, fields, then, case.path)


def removable(operation: Operation) -> bool:
    """Whether nothing happens if the operation is not done and its result not used."""
    match operation:
        case Prim():
            effect = operation.primitive.effect
            if effect & Effect.FAILS and divides(operation.primitive, operation.args):
                return True
            return not effect & (Effect.FAILS | Effect.WRITES)
        case Make() | Field():
            return True
        case Call():
            return operation.kind is CallKind.PARTIAL
        case Match():
            nodes = tuple(decisions(operation.tree))
            inside = [node.bindings for node in nodes if isinstance(node, Evaluate)]
            inside += [arm.body.bindings for arm in operation.arms]
            return not any(isinstance(node, Fail) for node in nodes) and all(map(_removable, inside))
        case _:
            return False


def _removable(bindings: tuple[Binding, ...]) -> bool:
    return all(isinstance(each, LetFunctions) or removable(each.operation) for each in bindings)
