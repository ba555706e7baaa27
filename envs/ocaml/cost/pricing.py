"""Goes through residual code and charges its blocks for what ocamlopt would emit for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from gymcc.envs.ocaml.cost import prices as p
from gymcc.envs.ocaml.cost.branches import is_condition, price_match, price_test
from gymcc.envs.ocaml.cost.charges import BYTES, TIME, Charges
from gymcc.envs.ocaml.cost.common import key_of, reads
from gymcc.envs.ocaml.cost.frame import Frame
from gymcc.envs.ocaml.inliner.references import plain_references
from gymcc.envs.ocaml.ir import (
    Binding,
    Block,
    Call,
    CallKind,
    Constant,
    Field,
    For,
    Function,
    Let,
    LetFunctions,
    Make,
    Match,
    Operation,
    Prim,
    SetField,
    Test,
    Variable,
    While,
)
from gymcc.envs.ocaml.primitives import Kind, Primitive
from gymcc.envs.ocaml.walk import bindings


class Pricer:
    """Prices one piece of code.

    ``plain`` says which references may be registers, ``static`` which variables of the top level are in the program's
    data.
    """

    def __init__(self, prices: p.Prices, plain: Callable[[int], bool], static: Callable[[int], bool]) -> None:
        self.prices = prices
        self.charges = Charges()
        self._plain, self._static = plain, static
        self._handlers: dict[type, Callable[..., None]] = {
            Prim: self._prim,
            Make: self._make,
            Field: self._field,
            SetField: self._set_field,
            While: self._while,
            For: self._for,
        }

    # Functions

    def functions(self, group: LetFunctions) -> None:
        """The code of functions, charged to their blocks."""
        own = frozenset(function.variable.id for function in group.functions)
        for function in group.functions:
            self.function(function, own)

    def top(self, function: Function, globals_: Iterable[int]) -> None:
        """The code of the top level without the functions that it defines."""
        self._function(Frame(self.prices, self.charges, top=True, globals=frozenset(globals_)), function)

    def function(self, function: Function, own: frozenset[int]) -> None:
        """The code of one function; ``own`` are the closures of its group."""
        self._function(Frame(self.prices, self.charges, frozenset(function.free), own), function)

    def _function(self, frame: Frame, function: Function) -> None:
        around = self.charges.current
        body = self.charges.at(function.body.path, function.body.id)
        frame.refs, frame.static = plain_references(function, self._plain), self._static
        frame.body = function.body
        for param in function.params:
            frame.bind(param)
            frame.homes[param.id].fresh = False
        self.block(frame, function.body, True)
        self.charges.current = body
        spent = frame.finish() + self.prices.leave
        body[TIME] += spent
        body[BYTES] += spent * self.prices.instruction_bytes + self.prices.function_bytes
        for charge in frame.jumps:  # past all that
            charge[TIME] -= spent
        self.charges.current = around

    def closures(self, frame: Frame, group: LetFunctions) -> None:
        """Allocate the closures of a group, unless they are static."""
        functions, free = group.functions, group.functions[0].free
        if free:
            for variable in free:
                frame.use(variable)
            frame.allocate(closure_words(functions, len(free)))
            frame.pay(self.prices.closure * len(functions))
        for function in functions:
            if free:
                frame.bind(function.variable)
        frame.step()

    # Blocks

    def block(self, frame: Frame, block: Block, tail: bool) -> None:
        """A block's bindings; its result is boxed if it is the function's. The block's charge must be current."""
        last = self.bindings(frame, block.bindings, block.result if tail else None)
        if tail and not last:
            frame.use(block.result)
            frame.pay(isinstance(block.result, Constant))

    def bindings(self, frame: Frame, bindings: tuple[Binding, ...], result: Any = None) -> bool:
        """Straight-line code; whether it ends in tail position, which is that of ``result``."""
        tail = False
        for index, binding in enumerate(bindings):
            if isinstance(binding, LetFunctions):
                self.closures(frame, binding)
                self.functions(binding)
                continue
            operation, variable = binding.operation, binding.variable
            tail = index + 1 == len(bindings) and variable.id == result
            compared = frame.compared
            frame.compared = None
            if isinstance(operation, Call):
                self._call(frame, variable, operation, tail)
            elif isinstance(operation, Match):
                frame.compared = compared
                if index + 1 < len(bindings) and _tests(bindings[index + 1], variable.id):
                    self._condition(frame, binding)
                price_match(self, frame, variable, operation, tail)
            else:
                self._operation(frame, variable, operation)
                tail = False
            frame.step()
        return tail

    def _condition(self, frame: Frame, let: Let) -> None:
        """What a branch follows on is not computed as a value, if it can do with jumps."""
        if isinstance(let.operation, Match) and frame.used_once(let.variable.id) and is_condition(let.operation):
            frame.jumped.add(let.variable.id)

    # Operations

    def _operation(self, frame: Frame, variable: Variable, operation: Operation) -> None:
        key = None if isinstance(operation, Field) and operation.of in frame.refs else key_of(operation)
        if key is None or not frame.has(variable, key, reads(operation)):
            self._handlers[type(operation)](frame, variable, operation)

    def _call(self, frame: Frame, variable: Variable, call: Call, tail: bool) -> None:
        prices = self.prices
        for arg in call.args:
            frame.pass_(arg)
        if isinstance(call.function, int) and call.function not in frame.own:
            frame.touch_called(call.function, call.kind in _KNOWN)
        if call.kind is CallKind.PARTIAL:
            frame.allocate(PARTIAL_WORDS + len(call.args))
            frame.pay(prices.closure)
            frame.bind(variable)
            return
        frame.pay(prices.call)
        if call.kind in (CallKind.UNKNOWN, CallKind.OVER):
            frame.pay(prices.indirect + (prices.apply if len(call.args) > 1 else 0))
        if not tail:
            frame.called()
            frame.bind(variable)
        else:
            frame.tail_called(call.kind is not CallKind.DIRECT)
            if call.kind is CallKind.SELF:
                frame.jumps.append(self.charges.current)

    def _prim(self, frame: Frame, variable: Variable, prim: Prim) -> None:
        primitive, prices = prim.primitive, self.prices
        raw = primitive in p.RAW
        frame.pay(-prices.load if frame.from_memory(prim.args, primitive) else 0)
        for index, arg in enumerate(prim.args):
            frame.use(arg, raw or (prim.element is Kind.FLOAT and index == len(prim.args) - 1))
        if primitive is Primitive.ARRAY_OF:
            frame.allocate(1 + len(prim.args))
        price = prices.operation(primitive, prim.args) + self._array(prim)
        if primitive in p.C_CALLS:
            frame.pay(price, prices.c_call_bytes)
            frame.called()
        else:
            frame.pay(price)
            if primitive is Primitive.ARRAY_SET:
                frame.common.stored()
        frame.bind(variable)
        if primitive in p.COMPARISONS:
            frame.pay(prices.boolean)
            frame.compared = variable.id, self.charges.current
        elif primitive in p.RAW_RESULTS:
            frame.raw.add(variable.id)
        elif primitive is Primitive.ARRAY_GET and prim.element is Kind.FLOAT:
            frame.loaded(variable.id)

    def _array(self, prim: Prim) -> int:
        if prim.primitive is Primitive.ARRAY_GET:
            return self.prices.bounds + p.array_price(prim.element, False)
        if prim.primitive is Primitive.ARRAY_SET:
            return self.prices.bounds + p.array_price(prim.element, True)
        return 0

    def _make(self, frame: Frame, variable: Variable, make: Make) -> None:
        is_ref = variable.id in frame.refs
        if is_ref:
            frame.touch(make.args[0])
            frame.pay(1)
        elif not make.shape.mutable and all(isinstance(a, Constant) or a in frame.constants for a in make.args):
            frame.constants.add(variable.id)  # the assembler's data
        else:
            for arg in make.args:
                frame.use(arg, make.shape.flat)
            frame.allocate(1 + len(make.args))
        frame.bind(variable)
        if is_ref and frame.is_raw(make.args[0]):
            frame.raw.add(variable.id)

    def _field(self, frame: Frame, variable: Variable, field: Field) -> None:
        frame.touch(field.of)
        is_ref = field.of in frame.refs
        frame.pay(0 if is_ref else self.prices.load)
        frame.bind(variable)
        if is_ref and field.of in frame.raw:
            frame.raw.add(variable.id)
        elif field.shape.flat:
            frame.loaded(variable.id)

    def _set_field(self, frame: Frame, variable: Variable, field: SetField) -> None:
        if isinstance(field.of, int) and field.of in frame.refs:
            frame.use(field.value, field.of in frame.raw)
            frame.pay(isinstance(field.value, Constant))
            frame.assign(field.of)
        else:
            frame.touch(field.of)
            frame.use(field.value, field.shape.flat)
            immediate = frame.kind(field.value) is Kind.INT or field.shape.fields[field.index].kind is Kind.INT
            frame.pay(self.prices.store if field.shape.flat or immediate else p.MODIFY)
            frame.common.stored()
        frame.bind(variable)

    def _while(self, frame: Frame, variable: Variable, loop: While) -> None:
        around = self.charges.current
        with frame.loop(_calls(loop.condition) or _calls(loop.body)):
            self.charges.at(loop.condition.path, loop.condition.id)
            if loop.condition.bindings and isinstance(loop.condition.bindings[-1], Let):
                self._condition(frame, loop.condition.bindings[-1])
            self.block(frame, loop.condition, False)
            price_test(frame, loop.condition.result)
            self.charges.at(loop.body.path, loop.body.id)
            self.block(frame, loop.body, False)
            frame.pay(1)
        self.charges.current = around

    def _for(self, frame: Frame, variable: Variable, loop: For) -> None:
        around = self.charges.current
        frame.use(loop.first)
        frame.use(loop.last)
        frame.pay(2)
        with frame.loop(_calls(loop.body)):
            self.charges.at(loop.body.path, loop.body.id)
            frame.bind(loop.variable)
            self.block(frame, loop.body, False)
            frame.touch(loop.variable.id)
            frame.pay(self.prices.loop)
        self.charges.current = around


def _tests(binding: Binding, variable: int) -> bool:
    """Whether a binding is a match that tests the variable first."""
    tree = binding.operation.tree if isinstance(binding, Let) and isinstance(binding.operation, Match) else None
    return isinstance(tree, Test) and tree.on == variable


_KNOWN = (CallKind.DIRECT, CallKind.SELF, CallKind.OVER)
PARTIAL_WORDS = 4  # header, code, arity, the function; mostly one argument is left


def closure_words(functions: tuple[Function, ...], free: int) -> int:
    """Words of the block that the closures of a group share."""
    codes = sum(2 if len(function.params) == 1 else 3 for function in functions)
    return codes + len(functions) + free  # headers between them


def _calls(block: Block) -> bool:
    for binding in bindings(block, into_functions=False):
        if not isinstance(binding, LetFunctions):
            operation = binding.operation
            if isinstance(operation, Call) or (isinstance(operation, Prim) and operation.primitive in p.C_CALLS):
                return True
    return False
