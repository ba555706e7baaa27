"""Blocks, operations and functions as OCaml text."""

from __future__ import annotations

from collections.abc import Sequence

from gymcc.envs.ocaml.ir import (
    Binding,
    Block,
    Call,
    Field,
    For,
    Form,
    Function,
    Let,
    LetFunctions,
    Make,
    Match,
    Operation,
    Prim,
    SetField,
    Shape,
    Variable,
    While,
)
from gymcc.envs.ocaml.primitives import Effect, Kind
from gymcc.envs.ocaml.printing.atoms import Names, primitive
from gymcc.envs.ocaml.printing.matches import MatchPrinter
from gymcc.envs.ocaml.printing.writer import Writer


class BlockPrinter:
    """Prints to ``writer``, with the names of one program."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.names = Names()
        self._matches = MatchPrinter(self)

    def block(self, block: Block) -> None:
        """A block, as an expression that may go on to the right: put brackets around where that is not wanted."""
        last = block.bindings[-1] if block.bindings else None
        if isinstance(last, Let) and last.variable.id == block.result:
            self.bindings(block.bindings[:-1])
            self.operation(last.operation)
            return
        self.bindings(block.bindings)
        self.writer.put(self.names.text(block.result))

    def bindings(self, bindings: Sequence[Binding]) -> None:
        """``let … in`` for each, a line each."""
        for binding in bindings:
            if isinstance(binding, Let):
                self._let(binding)
            else:
                self.functions(binding)
                self.writer.put(" in")
            self.writer.newline()

    def _let(self, binding: Let) -> None:
        if _is_unit(binding.operation):
            self.operation(binding.operation)
            self.writer.put(";")
            return
        self.writer.put(f"let {self.names.bind(binding.variable)} = ")
        with self.writer.indented():
            self.operation(binding.operation)
        self.writer.put(" in")

    def functions(self, binding: LetFunctions) -> None:
        """``let rec f x = … and g y = …``, without ``in``."""
        names = [self.names.bind(function.variable) for function in binding.functions]
        keyword = "let rec" if binding.recursive else "let"
        for name, function in zip(names, binding.functions, strict=True):
            self._function(keyword, name, function)
            keyword = "and"

    def _function(self, keyword: str, name: str, function: Function) -> None:
        params = " ".join(self.parameter(param) for param in function.params)
        self.writer.put(f"{keyword} {name} {params} =")
        with self.writer.indented():
            self.writer.newline()
            self.block(function.body)
        self.writer.newline()

    def parameter(self, param: Variable) -> str:
        """A parameter, with its type where the kind says it."""
        name = self.names.bind(param)
        return f"({name} : float)" if param.kind is Kind.FLOAT else name

    def bracketed(self, block: Block) -> None:
        """A block in brackets."""
        self.writer.put("(")
        with self.writer.indented():
            self.block(block)
        self.writer.put(")")

    def operation(self, operation: Operation) -> None:
        """One operation; nothing may follow on the right but ``in``, ``;`` and closing brackets."""
        text = self.names.texts
        match operation:
            case Call():
                self.writer.call(operation.path, operation.site)
                self.writer.put(" ".join(text((operation.function, *operation.args))))
            case Prim():
                self.writer.put(primitive(operation, text(operation.args)))
            case Make():
                self.writer.put(_make(operation.shape, text(operation.args)))
            case Field():
                self.writer.put(self._field(operation))
            case SetField():
                name = operation.shape.fields[operation.index].name
                self.writer.put(f"{self.names.text(operation.of)}.{name} <- {self.names.text(operation.value)}")
            case Match():
                self._matches.match(operation)
            case While() | For():
                self._loop(operation)

    def _field(self, load: Field) -> str:
        of, fields = self.names.text(load.of), load.shape.fields
        if load.shape.form is Form.RECORD:
            return f"{of}.{fields[load.index].name}"
        if len(fields) == 2:
            return f"{('fst', 'snd')[load.index]} {of}"
        items = ", ".join("x" if index == load.index else "_" for index in range(len(fields)))
        return f"(match {of} with ({items}) -> x)"

    def _loop(self, loop: While | For) -> None:
        if isinstance(loop, While):
            self.writer.put("while ")
            self.bracketed(loop.condition)
        else:
            first, last = self.names.text(loop.first), self.names.text(loop.last)
            name = self.names.bind(loop.variable)
            self.writer.put(f"for {name} = {first} {'downto' if loop.down else 'to'} {last}")
        self.writer.put(" do")
        with self.writer.indented():
            self.writer.newline()
            self.block(loop.body)
        self.writer.put(" done")


def _make(shape: Shape, texts: list[str]) -> str:
    if shape.form is Form.RECORD:
        fields = (f"{field.name} = {text}" for field, text in zip(shape.fields, texts, strict=True))
        return f"{{ {'; '.join(fields)} }}"
    if shape.name == "::":
        return f"{texts[0]} :: {texts[1]}"
    return f"{shape.name} ({', '.join(texts)})".strip()


def _is_unit(operation: Operation) -> bool:
    """Whether the operation's value is surely ``()``."""
    writes = isinstance(operation, Prim) and Effect.WRITES in operation.primitive.effect
    return writes or isinstance(operation, SetField | While | For)
