"""Microarchitecture files of NITTA (``--uarch FILE``): TOML in, :class:`Microarchitecture` out, and back.

    type = "fx32.32"          # of all values on the bus
    ioSync = "Sync"           # Sync, ASync or OnBoard
    [[networks]]              # one
    name = "net1"
    [[networks.pus]]          # units that are there from the start
    type = "Fram"
    name = "fram1"
    size = 16
    [[networks.protos]]       # units that an allocation may add: any number of them where the name has {x}, else one
    type = "Accum"
    name = "accum{x}"

Keys that concern wires and Verilog only (``mosi``, ``mock``…) are checked and forgotten; NITTA insists on them, so
:func:`dump_microarchitecture` writes them with the values of NITTA's own default.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from gymcc.envs.nitta.microarchitecture import Microarchitecture, UnitSpec, UnitType
from gymcc.envs.nitta.numbers import DEFAULT_TYPE, NumberType

MAX_SIZE = 65_536  # cells, stages or values: more is a slip of the pen
IO_SYNC = ("Sync", "ASync", "OnBoard")
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_TEMPLATE = "{x}"

# Of each type: key of the file -> field of UnitSpec that it sets.
_SIZES: dict[UnitType, tuple[str, str]] = {
    UnitType.FRAM: ("size", "size"),
    UnitType.DIVIDER: ("pipeline", "pipeline"),
    UnitType.SPI: ("bufferSize", "buffer_size"),
}
# Of each type: keys that change nothing in a schedule, with what NITTA's default has there.
_ELECTRICAL: dict[UnitType, dict[str, str | bool | int]] = {
    UnitType.ACCUM: {"isInt": True},
    UnitType.DIVIDER: {"mock": True},
    UnitType.MULTIPLIER: {"mock": True},
    UnitType.SHIFT: {"sRight": True},
    UnitType.SPI: {
        "mosi": "mosi",
        "miso": "miso",
        "sclk": "sclk",
        "cs": "cs",
        "isSlave": True,
        "bounceFilter": 0,
    },
}
_WORDS = {str: "text", bool: "true or false", int: "a whole number", list: "an array of tables"}


class MicroarchitectureError(ValueError):
    """A microarchitecture file that NITTA could not use; the message names file, table, key and what is allowed."""


def load_microarchitecture(source: str | Path) -> Microarchitecture:
    """The microarchitecture of a file (a path) or of TOML text; raises :class:`MicroarchitectureError`."""
    return load(source)[0]


def load(source: str | Path) -> tuple[Microarchitecture, NumberType]:
    """Like :func:`load_microarchitecture`, together with the type of the values on the bus."""
    where, text = _read(source)
    try:
        return _parse(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise MicroarchitectureError(f"{where}: not TOML: {error}") from error
    except MicroarchitectureError as error:
        raise MicroarchitectureError(f"{where}: {error}") from error


def dump_microarchitecture(microarchitecture: Microarchitecture, number_type: NumberType = DEFAULT_TYPE) -> str:
    """TOML text that :func:`load` reads back, with every key that NITTA itself asks for."""
    lines = [f'type = "{number_type}"', f'ioSync = "{microarchitecture.io_sync}"']
    lines += ["", "[[networks]]", f'name = "{microarchitecture.name}"']
    for array, specs in (("pus", microarchitecture.units), ("protos", microarchitecture.prototypes)):
        if not specs:
            lines.append(f"{array} = []")
    for array, specs in (("pus", microarchitecture.units), ("protos", microarchitecture.prototypes)):
        for spec in specs:
            lines += ["", f"[[networks.{array}]]", *_entry_lines(spec)]
    return "\n".join(lines) + "\n"


def _entry_lines(spec: UnitSpec) -> Iterable[str]:
    yield f'type = "{spec.type}"'
    yield f'name = "{spec.tag}"'
    if spec.type in _SIZES:
        key, field = _SIZES[spec.type]
        yield f"{key} = {getattr(spec, field)}"
    for key, value in _ELECTRICAL.get(spec.type, {}).items():
        yield f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {str(value).lower()}"


def _read(source: str | Path) -> tuple[str, str]:
    """How to call the source in a message, and its text."""
    if isinstance(source, str) and ("\n" in source or "=" in source):
        return "microarchitecture", source
    try:
        return str(source), Path(source).read_text(encoding="utf-8")
    except OSError as error:
        raise MicroarchitectureError(f"{source}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise MicroarchitectureError(f"{source}: not TOML: {error}") from error


def _parse(document: dict[str, Any]) -> tuple[Microarchitecture, NumberType]:
    _known(document, "top level", ("type", "ioSync", "networks"))
    try:
        number_type = NumberType.parse(_get(document, "top level", "type", str))
    except ValueError as error:
        raise MicroarchitectureError(f"top level, type: {error}") from error
    io_sync = _one_of("top level", "ioSync", _get(document, "top level", "ioSync", str), IO_SYNC)
    networks = _tables(document, "top level", "networks")
    if len(networks) != 1:
        raise MicroarchitectureError(f"networks: {len(networks)} of them, NITTA supports exactly one")
    return _network(networks[0], io_sync), number_type


def _network(table: dict[str, Any], io_sync: str) -> Microarchitecture:
    _known(table, "networks[0]", ("name", "pus", "protos"))
    name = _tag("networks[0]", _get(table, "networks[0]", "name", str), _TAG.fullmatch)
    units = _units(table, "pus", _unit)
    prototypes = _units(table, "protos", _prototype)
    if not units and not prototypes:
        raise MicroarchitectureError("networks[0]: no units: write at least one table [[networks.pus]]")
    return Microarchitecture(units, prototypes, name, io_sync)


def _units(table: dict[str, Any], key: str, read: Callable[[str, dict[str, Any]], UnitSpec]) -> tuple[UnitSpec, ...]:
    """The entries of an array, by tag."""
    found: dict[str, UnitSpec] = {}
    for at, entry in enumerate(_tables(table, "networks[0]", key, optional=True)):
        spec = read(f"networks.{key}[{at}]", entry)
        if spec.tag in found:
            raise MicroarchitectureError(f"networks.{key}[{at}], name: {spec.tag!r} is taken; names must differ")
        found[spec.tag] = spec
    return tuple(spec for _, spec in sorted(found.items()))


def _unit(where: str, entry: dict[str, Any]) -> UnitSpec:
    spec = _spec(where, entry)
    if _TEMPLATE in spec.tag:
        raise MicroarchitectureError(f"{where}, name: {spec.tag!r} is a template; {_TEMPLATE} belongs to protos")
    _tag(where, spec.tag, _TAG.fullmatch)
    return spec


def _prototype(where: str, entry: dict[str, Any]) -> UnitSpec:
    spec = _spec(where, entry)
    if spec.type is UnitType.SPI:
        raise MicroarchitectureError(f"{where}, type: an SPI cannot be a prototype; list it under pus")
    _tag(where, spec.tag, lambda tag: _TAG.fullmatch(tag.replace(_TEMPLATE, "0")))
    return spec


def _spec(where: str, entry: dict[str, Any]) -> UnitSpec:
    type_ = UnitType(_one_of(where, "type", _get(entry, where, "type", str), tuple(UnitType)))
    electrical = _ELECTRICAL.get(type_, {})
    sizes = [_SIZES[type_]] if type_ in _SIZES else []
    _known(entry, f"{where} ({type_})", ("type", "name", *(key for key, _ in sizes), *electrical))
    for key, usual in electrical.items():
        if key in entry:
            _get(entry, where, key, type(usual))
    fields = {field: _size(entry, where, key) for key, field in sizes if key in entry}
    return UnitSpec(_get(entry, where, "name", str), type_, **fields)


# Checks of single keys


def _known(table: Mapping[str, Any], where: str, allowed: Iterable[str]) -> None:
    allowed = tuple(allowed)
    if strange := sorted(set(table) - set(allowed)):
        raise MicroarchitectureError(f"{where}: unknown key {strange[0]!r}; allowed: {', '.join(allowed)}")


def _get(table: Mapping[str, Any], where: str, key: str, type_: type) -> Any:
    """The value of a key that must be there, of just that type: TOML's true is no number."""
    if key not in table:
        raise MicroarchitectureError(f"{where}: key {key!r} is missing; it takes {_WORDS[type_]}")
    if type(table[key]) is not type_:
        raise MicroarchitectureError(f"{where}, {key}: takes {_WORDS[type_]}, got {table[key]!r}")
    return table[key]


def _tables(table: Mapping[str, Any], where: str, key: str, optional: bool = False) -> list[dict[str, Any]]:
    if optional and key not in table:
        return []
    entries: list[dict[str, Any]] = _get(table, where, key, list)
    if not all(isinstance(entry, dict) for entry in entries):
        raise MicroarchitectureError(f"{where}, {key}: takes {_WORDS[list]}")
    return entries


def _one_of(where: str, key: str, value: str, allowed: Iterable[str]) -> str:
    if value not in tuple(allowed):
        raise MicroarchitectureError(f"{where}, {key}: unknown {value!r}; allowed: {', '.join(allowed)}")
    return value


def _size(entry: Mapping[str, Any], where: str, key: str) -> int:
    size: int = _get(entry, where, key, int)
    if not 0 < size <= MAX_SIZE:
        raise MicroarchitectureError(f"{where}, {key}: {size} is not from 1 to {MAX_SIZE}")
    return size


def _tag(where: str, tag: str, valid: Callable[[str], object]) -> str:
    if not valid(tag):
        raise MicroarchitectureError(f"{where}, name: {tag!r} is not a letter followed by letters, digits and _")
    return tag
