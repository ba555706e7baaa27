"""Microarchitecture files: round trip, and errors that say what is wrong where."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gymcc.envs.nitta.toml
from gymcc.envs.nitta.microarchitecture import DEFAULT, Microarchitecture, UnitSpec, UnitType
from gymcc.envs.nitta.numbers import DEFAULT_TYPE, NumberType
from gymcc.envs.nitta.toml import MicroarchitectureError, dump_microarchitecture, load, load_microarchitecture

SHIPPED = sorted((Path(gymcc.envs.nitta.toml.__file__).parent / "data" / "uarch").glob("*.toml"))
SMALL = """\
type = "fx24.32"
ioSync = "ASync"
[[networks]]
name = "net1"
[[networks.pus]]
type = "SPI"
name = "spi"
bufferSize = 3
[[networks.pus]]
type = "Fram"
name = "fram1"
size = 5
[[networks.protos]]
type = "Divider"
name = "div{x}"
mock = false
pipeline = 7
[[networks.protos]]
type = "Accum"
name = "accum"
"""
names = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,6}", fullmatch=True)
sizes = st.integers(1, 64)


def specs(tags: st.SearchStrategy[str], types: list[UnitType]) -> st.SearchStrategy[tuple[UnitSpec, ...]]:
    def spec(tag: str, type_: UnitType, size: int) -> UnitSpec:
        field = {UnitType.FRAM: "size", UnitType.DIVIDER: "pipeline", UnitType.SPI: "buffer_size"}.get(type_)
        return UnitSpec(tag, type_, **({field: size} if field else {}))

    unit = st.builds(spec, tags, st.sampled_from(types), sizes)
    lists = st.lists(unit, max_size=6, unique_by=lambda spec: spec.tag)
    return lists.map(lambda found: tuple(sorted(found, key=lambda spec: spec.tag)))


microarchitectures = st.builds(
    Microarchitecture,
    specs(names, list(UnitType)),
    specs(names | names.map(lambda n: n + "{x}"), [t for t in UnitType if t is not UnitType.SPI]),
    names,
    st.sampled_from(("Sync", "ASync", "OnBoard")),
).filter(lambda m: m.units or m.prototypes)
number_types = st.integers(1, 64).flatmap(lambda b: st.builds(NumberType, st.integers(1, b), st.just(b)))


@settings(max_examples=60)
@given(microarchitectures, number_types)
def test_what_is_dumped_is_read_back(microarchitecture, number_type):
    assert load(dump_microarchitecture(microarchitecture, number_type)) == (microarchitecture, number_type)


def test_a_file_says_everything_of_its_units():
    microarchitecture, number_type = load(SMALL)
    assert number_type == NumberType(24, 32)
    assert microarchitecture == Microarchitecture(
        (UnitSpec("fram1", UnitType.FRAM, size=5), UnitSpec("spi", UnitType.SPI, buffer_size=3)),
        (UnitSpec("accum", UnitType.ACCUM), UnitSpec("div{x}", UnitType.DIVIDER, pipeline=7)),
        "net1",
        "ASync",
    )


def test_the_default_ships_as_a_file():
    default = next(path for path in SHIPPED if path.stem == "default")
    assert load(default) == (DEFAULT, DEFAULT_TYPE)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_file_loads_by_path_and_by_text(path):
    text = path.read_text(encoding="utf-8")
    assert load_microarchitecture(path) == load_microarchitecture(str(path)) == load_microarchitecture(text)
    assert text.startswith("# ")


def test_a_dump_has_the_keys_that_nitta_asks_for():
    dumped = dump_microarchitecture(DEFAULT)
    for key in ("mosi", "miso", "sclk", "cs", "isSlave", "bounceFilter", "bufferSize", "pipeline", "mock", "size"):
        assert f"\n{key} = " in dumped


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"Fram"', '"Ram"', r"networks\.pus\[1\], type: unknown 'Ram'; allowed: Fram, Accum, .*Multiplexer"),
        ('"fram1"', '"spi"', r"networks\.pus\[1\], name: 'spi' is taken"),
        ('"fram1"', '"fram{x}"', r"networks\.pus\[1\], name: 'fram\{x\}' is a template; \{x\} belongs to protos"),
        ('"fram1"', '""', r"networks\.pus\[1\], name: '' is not a letter followed"),
        ('"fram1"', "7", r"networks\.pus\[1\], name: takes text, got 7"),
        ("size = 5", "size = 0", r"networks\.pus\[1\], size: 0 is not from 1 to 65536"),
        ("size = 5", "size = true", r"networks\.pus\[1\], size: takes a whole number, got True"),
        ("size = 5", "sise = 5", r"networks\.pus\[1\] \(Fram\): unknown key 'sise'; allowed: type, name, size"),
        ("size = 5", "pipeline = 5", r"unknown key 'pipeline'; allowed: type, name, size"),
        ("bufferSize = 3", "bufferSize = -3", r"networks\.pus\[0\], bufferSize: -3 is not from 1"),
        ("bufferSize = 3", "isSlave = 1", r"networks\.pus\[0\], isSlave: takes true or false, got 1"),
        ("mock = false", 'mock = "no"', r"networks\.protos\[0\], mock: takes true or false, got 'no'"),
        ('"Divider"\nname = "div{x}"\nmock = false\npipeline = 7', '"SPI"\nname = "s"', "SPI cannot be a prototype"),
        (
            "[[networks.protos]]",
            "[[networks]]\nname = 'b'\n[[networks.protos]]",
            r"networks: 3 of them, .* exactly one",
        ),
        ("[[networks.protos]]", "[[networks.prototypes]]", r"networks\[0\]: unknown key 'prototypes'; allowed: name"),
        ('"fx24.32"', '"fx40.32"', r"top level, type: number type 'fx40\.32' is not fxM\.B"),
        ('type = "fx24.32"\n', "", "top level: key 'type' is missing; it takes text"),
        ('"ASync"', '"Async"', r"top level, ioSync: unknown 'Async'; allowed: Sync, ASync, OnBoard"),
        ('ioSync = "ASync"', 'ioSync = "ASync"\nuart = 1', "top level: unknown key 'uart'; allowed: type, ioSync"),
        ('name = "fram1"', "name = fram1", r"not TOML: .*line 11"),
    ],
)
def test_a_slip_is_named(old, new, message):
    assert old in SMALL
    with pytest.raises(MicroarchitectureError, match=message):
        load(SMALL.replace(old, new))


def test_a_network_without_units_is_refused():
    with pytest.raises(MicroarchitectureError, match=r"no units: write at least one table \[\[networks\.pus\]\]"):
        load('type = "fx32.32"\nioSync = "Sync"\n[[networks]]\nname = "net1"\n')


def test_networks_must_be_tables():
    with pytest.raises(MicroarchitectureError, match="top level, networks: takes an array of tables"):
        load('type = "fx32.32"\nioSync = "Sync"\nnetworks = [1]\n')


def test_errors_name_the_file(tmp_path):
    broken = tmp_path / "broken.toml"
    broken.write_text(SMALL.replace("size = 5", "size = 0"), encoding="utf-8")
    with pytest.raises(MicroarchitectureError, match=r"broken\.toml: networks\.pus\[1\], size"):
        load(broken)
    with pytest.raises(MicroarchitectureError, match=r"missing\.toml: cannot be read: No such file"):
        load(tmp_path / "missing.toml")
    broken.write_bytes(b"\xff")
    with pytest.raises(MicroarchitectureError, match=r"broken\.toml: not TOML"):
        load(str(broken))
