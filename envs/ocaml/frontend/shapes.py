"""Layouts of the blocks that types stand for."""

from __future__ import annotations

from gymcc.envs.ocaml.frontend.types import Constructed, Constructor, Named, Type, kind, prune
from gymcc.envs.ocaml.ir import FieldType, Form, Shape
from gymcc.envs.ocaml.primitives import Kind


def tuple_shape(type_: Type) -> Shape:
    """The shape of a tuple type."""
    type_ = prune(type_)
    assert isinstance(type_, Constructed)
    return Shape(Form.TUPLE, "", "", tuple(FieldType("", kind(arg)) for arg in type_.args))


def constructor_shape(constructor: Constructor) -> Shape:
    """The shape of a constructor's blocks."""
    fields = tuple(FieldType("", kind(arg)) for arg in constructor.args)
    siblings = constructor.of.constructors
    constants = sum(not each.args for each in siblings)
    name, of, index = constructor.unique, constructor.of.unique, constructor.index
    return Shape(Form.CONSTRUCTOR, name, of, fields, index, len(siblings), constants)


def record_shape(named: Named) -> Shape:
    """The shape of a record type."""
    fields = tuple(FieldType(field.unique, kind(field.type), field.mutable) for field in named.fields)
    return Shape(Form.RECORD, named.unique, named.unique, fields)


def element_kind(array: Type) -> Kind:
    """How an array's elements are represented."""
    array = prune(array)
    assert isinstance(array, Constructed)
    return kind(array.args[0])
