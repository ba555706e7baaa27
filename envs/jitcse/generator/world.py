"""The classes, arrays and parameters that a generated method works on."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from gymcc.envs.jitcse.ir import Type

HEADER = 8  # bytes before an object's first field: its method table

# What methods compute on, with how often each mix is drawn
_FLAVOURS: tuple[tuple[int, tuple[Type, ...]], ...] = (
    (6, (Type.INT, Type.INT, Type.INT, Type.LONG)),
    (3, (Type.INT, Type.LONG, Type.LONG)),
    (3, (Type.INT, Type.DOUBLE, Type.DOUBLE)),
    (2, (Type.INT, Type.FLOAT, Type.FLOAT)),
    (1, (Type.INT, Type.FLOAT, Type.SIMD)),
    (1, (Type.INT, Type.LONG, Type.STRUCT)),
)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a class; ``shape`` is the number of what it refers to, -1 for values."""

    offset: int
    kind: Type
    shape: int = -1


@dataclass(frozen=True, slots=True)
class Shape:
    """What a reference points to: an object with fields, or an array if ``element`` is not None."""

    fields: tuple[Field, ...] = ()
    element: Type | None = None
    element_shape: int = -1


@dataclass(frozen=True, slots=True)
class World:
    """Shapes by number, the first that of ``this``; the parameters after ``this``; the value types used."""

    shapes: tuple[Shape, ...]
    parameters: tuple[tuple[Type, int], ...]  # type and shape
    kinds: tuple[Type, ...]

    def arrays(self, element: Type) -> tuple[int, ...]:
        """The numbers of the arrays of an element type."""
        return tuple(number for number, shape in enumerate(self.shapes) if shape.element is element)


def draw_world(random: Random) -> World:
    """Two to four classes that refer to each other and to an array of each value type and of one class."""
    weights, flavours = zip(*_FLAVOURS, strict=True)
    (kinds,) = random.choices(flavours, weights)
    classes = random.randint(2, 4)
    elements = tuple(dict.fromkeys(kinds))
    arrays = [Shape(element=kind) for kind in elements]
    arrays.append(Shape(element=Type.OTHER, element_shape=random.randrange(classes)))
    shapes = classes + len(arrays)
    objects = [_draw_class(random, kinds, shapes) for _ in range(classes)]
    parameters = tuple(_draw_parameter(random, kinds, shapes) for _ in range(random.choice((0, 1, 1, 2, 2, 3, 4))))
    return World((*objects, *arrays), parameters, elements)


def _draw_class(random: Random, kinds: tuple[Type, ...], shapes: int) -> Shape:
    fields = []
    offset = HEADER
    for _ in range(random.randint(3, 9)):
        kind = random.choice((Type.OTHER, Type.OTHER, *kinds))
        size = min(kind.bytes, 8)
        offset = -(-offset // size) * size
        fields.append(Field(offset, kind, random.randrange(shapes) if kind is Type.OTHER else -1))
        offset += kind.bytes
    return Shape(tuple(fields))


def _draw_parameter(random: Random, kinds: tuple[Type, ...], shapes: int) -> tuple[Type, int]:
    kind = random.choice((Type.OTHER, *kinds))
    return kind, random.randrange(shapes) if kind is Type.OTHER else -1
