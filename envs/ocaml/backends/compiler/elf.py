"""How large the machine code in an object file is, and which functions nobody in it calls (ELF, 64 bits)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

MAGIC = b"\x7fELF\x02\x01"  # 64 bits, little-endian
RELOCATIONS = 4  # SHT_RELA
_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_RELOCATION = struct.Struct("<QQq")


@dataclass(frozen=True, slots=True)
class Function:
    """A symbol in the code, its place and size there in bytes."""

    name: str
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Object:
    """What is used of an object file."""

    text: int  # bytes of all .text sections
    functions: tuple[Function, ...]
    mentioned: frozenset[str]  # symbols that the code refers to


@dataclass(frozen=True, slots=True)
class _Section:
    name: str
    kind: int
    offset: int
    size: int
    link: int
    info: int


def read_object(image: bytes) -> Object:
    """Read an object file. Raises ValueError unless it is one of ELF with 64 bits, as on x86-64 and arm64 Linux."""
    if not image.startswith(MAGIC):
        raise ValueError("no ELF object of 64 bits, little-endian; code sizes are read on Linux only")
    sections = list(_sections(image))
    code = {number for number, each in enumerate(sections) if each.name.split(".")[:2] == ["", "text"]}
    symbols = [_symbols(image, sections, each) for each in sections if each.name == ".symtab"]
    named = symbols[0] if symbols else []
    functions = tuple(Function(name, value, size) for name, section, value, size in named if section in code and size)
    mentioned = {
        named[target][0]
        for each in sections
        if each.kind == RELOCATIONS and each.info in code
        for target in _targets(image, each)
    }
    return Object(sum(sections[number].size for number in code), functions, frozenset(mentioned))


def _sections(image: bytes) -> Iterator[_Section]:
    header = _HEADER.unpack_from(image)
    table, entry, count, names = header[6], header[11], header[12], header[13]
    raw = [_SECTION.unpack_from(image, table + entry * number) for number in range(count)]
    for name, kind, _, _, offset, size, link, info, _, _ in raw:
        yield _Section(_text(image, raw[names][4] + name), kind, offset, size, link, info)


def _symbols(image: bytes, sections: list[_Section], table: _Section) -> list[tuple[str, int, int, int]]:
    """Name, section, value and size of each."""
    strings = sections[table.link].offset
    places = range(table.offset, table.offset + table.size, _SYMBOL.size)
    found = (_SYMBOL.unpack_from(image, place) for place in places)
    return [(_text(image, strings + name), section, value, size) for name, _, _, section, value, size in found]


def _targets(image: bytes, table: _Section) -> Iterator[int]:
    for place in range(table.offset, table.offset + table.size, _RELOCATION.size):
        yield _RELOCATION.unpack_from(image, place)[1] >> 32


def _text(image: bytes, start: int) -> str:
    return image[start : image.index(b"\0", start)].decode(errors="replace")
