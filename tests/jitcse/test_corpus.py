"""Python functions as methods: what they compute, what shape they get, what is left out, and the frozen set."""

from __future__ import annotations

import ast
import gzip
import json
import sys
from collections import Counter
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.benchmarks.jitcse_corpus import from_python
from gymcc.benchmarks.jitcse_corpus.__main__ import main
from gymcc.benchmarks.jitcse_corpus.freeze import NAME, freeze
from gymcc.benchmarks.jitcse_corpus.lowering import lower
from gymcc.benchmarks.jitcse_corpus.units import units
from gymcc.envs.jitcse.frontend import analyse
from gymcc.envs.jitcse.interpreter import Call, End, run
from gymcc.envs.jitcse.ir import Method, Op, Type
from gymcc.envs.jitcse.shipped import DATA, METHODS, methods
from gymcc.envs.jitcse.text import read_lines, write
from gymcc.envs.jitcse.trees import constant, store_local
from gymcc.envs.jitcse.wellformed import check


def lowered(source: str) -> Method:
    """The last function of a module."""
    *_, last = units(ast.parse(dedent(source)), "m")
    method = lower("m", last)
    check(method)
    return method


def text(source: str) -> str:
    return write(lowered(source)).split(": ", 1)[1]


# What they compute: pure functions of whole numbers, run by the interpreter and by Python

PURE = [
    """
    def f(a, b):
        while b > 0:
            a, b = b, a % b
        return a
    """,
    """
    def f(a, b):
        total = 0
        for i in range(a):
            if i == b:
                continue
            if i > 7:
                break
            total += i * i
        else:
            total = total - 100
        return total
    """,
    """
    def f(a, b):
        x = 1 if a < b else -1
        y = a if a > 5 else (b if b > 5 else 3)
        return x * y + (0 < a < b <= 9)
    """,
    """
    def f(a, b):
        n = 0
        while True:
            if not (a > 0 and b > 0) or n >= 20:
                return n
            a -= 1
            b -= 2
            n += 1
    """,
    """
    def f(a, b):
        count = 0
        for i in range(a, 0, -2):
            for j in range(i):
                count += j & b
        return count
    """,
    """
    def f(a, b):
        if a in (1, 2, 3) or b not in (4, 5):
            return (a << 3) ^ (b >> 1)
        return ~a | b
    """,
    """
    def f(a, b):
        try:
            with lock:
                x = a * 2
                if x > b:
                    return x
        finally:
            b = b + 1
        return b - a
    """,
    """
    def f(a, b):
        x = 0
        if (y := a + b) > 9:
            x = y
        assert x >= 0
        return x + y
    """,
    """
    def helper(a, b=3):
        if a > b:
            return a - b
        return b

    def f(a, b):
        x = helper(a, b)
        y = helper(b, 3)
        return x * 10 + y + a - b
    """,
    """
    def double(a):
        return a + a

    def f(a, b):
        return double(b) - double(a * b)
    """,
]


@pytest.mark.parametrize("source", PURE)
@settings(max_examples=25)
@given(st.integers(0, 12), st.integers(0, 12))
def test_pure_functions_compute_what_python_computes(source, a, b):
    method = lowered(source)
    assert (method.parameters, method.locals[:2], method.result) == (2, (Type.INT, Type.INT), Type.INT)
    traced = run(_called_with(method, (a, b)), 0)
    assert traced.end is End.RETURN
    assert traced.result == _python(source, a, b)


def _called_with(method: Method, values: tuple[int, ...]) -> Method:
    stores = tuple(store_local(number, constant(Type.INT, value)) for number, value in enumerate(values))
    entry = replace(method.blocks[0], statements=stores + method.blocks[0].statements)
    return replace(method, parameters=0, blocks=(entry, *method.blocks[1:]))


def _python(source: str, a: int, b: int) -> int:
    class Lock:
        def __enter__(self) -> None: ...

        def __exit__(self, *_: object) -> None: ...

    names: dict = {"lock": Lock()}
    exec(dedent(source), names)
    return int(names["f"](a, b))


def test_calls_keep_their_order():
    source = "def f(x):\n return g(a(), b() if x else c(), d()) + [h(y) for y in k()][0]"
    names = [effect.name for effect in run(lowered(source), 3).effects if isinstance(effect, Call)]
    order = [name for name in names if name in "abcdgk"]
    assert order == sorted(order, key="abcdgk".index)
    assert order[0] == "a"
    assert order[-1] == "k"


# The shapes of C#


@pytest.mark.parametrize(
    ("source", "shape"),
    [
        ("def f(self):\n return self.x + self.y + 1", "return(add(add(field.i8($0),field.i12($0)),i1))"),
        ("def f(xs, i):\n return xs[i] + xs[0] * 2", "bounds(i0,length($0))"),
        ("def f(xs):\n return xs[-1]", "comma(bounds(sub(length($0),i1),length($0)),elem.o($0,sub(length($0),i1)))"),
        ("def f(xs):\n xs.append(1)", "branch(lt($2,length($1)))"),
        ("def f(self):\n return self.items[2]", "bounds(i2,field.i16("),
        ("def f(d):\n return d['k']", "call.o:get_Item($0,handle.o4096())"),
        ("def f(s):\n return s == 'abcd'", "branch(eq(field.l12($0),l28147922879250529))"),
        ("def f(x):\n return isinstance(x, str)", "branch(eq(field.o0($0),handle.o4096()))"),
        ("def f(x):\n return isinstance(x, Thing)", "helper.o:IsInstanceOfClass(handle.o4096(),$0)"),
        (
            "def f(x):\n if isinstance(x, (A, str)):\n  g()",
            "branch(ne(helper.o:IsInstanceOfClass(handle.o4096(),$0),o0))",
        ),
        ("def f(x):\n if isinstance(x, (A, str)):\n  g()", "branch(eq(field.o0($0),handle.o4112()))"),
        ("def f(x):\n return x is None", "return(eq($0,o0))"),
        ("import math\ndef f(x):\n return math.sqrt(x * 0.5)", "helper.d:Math.sqrt("),
        ("def f():\n global n\n n += 1", "store_static0(add(static.i0(),i1))"),
        ("LIMIT = object()\ndef f():\n return LIMIT", "return(static.o0())"),
        ("LIMIT = 80\ndef f(x):\n return x > LIMIT", "return(gt($0,i80))"),
        ("LIMIT = -0.5\ndef f():\n return LIMIT", "return(d-0.5)"),
        ("NAME = 'text'\ndef f():\n return NAME, 'text'", "call.o:ValueTuple(handle.o4096(),handle.o4096())"),
        ("import signal\ndef f(x):\n return x == signal.SIGINT", "return(eq($0,i1))"),
        (
            "from a import OPEN, SHUT\ndef f(x):\n return x == SHUT or x == OPEN",
            "$1=eq($0,i1) branch(ne($1,i0)) >2,1 @1 $1=eq($0,i2)",
        ),
        ("import sys\ndef f():\n return sys.path", "return(static.o0())"),
        ("class A: pass\ndef f():\n return A", "return(handle.o4096())"),
        ("def g(): pass\ndef f():\n return g", "return(static.o0())"),
        ("DEBUG = False\ndef f():\n if DEBUG:\n  g()\n h()", "@1 call.v:h() return()"),
        ("def f():\n return (1, 'a')", "return(static.o0())"),
        ("def f(x, y):\n return '%s %s' % (x, y)", "call.o:String.Format(handle.o4096(),$0,$1)"),
        ("def f(s):\n return s.split(',')", "call.o:split($0,i44)"),
        ("def f(s):\n return s.replace('a', 'bc')", "call.o:replace($0,handle.o4096(),handle.o4112())"),
        ("def f(s):\n return ''.join(s)", "call.o:String.Concat($0)"),
        ("def f(s):\n return '/' in s", "call.i:Contains($0,i47)"),
        ("def f(d):\n d.keys()\n return '/' in d", "call.i:Contains($0,handle.o4096())"),
        ("def f(s):\n s.strip()\n if s == '': g()", "branch(ne($0,o0)) >1,3 @1 branch(eq(length($0),i0)) >2,3"),
        ("def f():\n return Thing(1)", "comma($0=call.o:New(handle.o4096()),comma(call.v:Thing.ctor($0,i1),$0))"),
        ("def f(x):\n if x > 3:\n  raise E\n return x", "@0 call.v:Throw("),
        ("def f(x):\n if x:\n  raise E('why')", "call.v:E.ctor($1,call.o:StringLiteral(i1))"),
        ("def f(x):\n assert x, 'why'\n g('why')", "call.v:g(handle.o4096())"),
        ("def f(n):\n for i in range(n):\n  for j in range(n):\n   g(i, j)", "@64 call.v:g("),
        ("def f():\n n = 0\n def g():\n  nonlocal n\n  n += 1\n return g", "store_field8($0,add(field.i8($0),i1))"),
        (
            "class A:\n @property\n def p(self):\n  return self.q\n def f(self):\n  return self.p",
            "return(field.o8($0))",
        ),
    ],
)
def test_shapes(source, shape):
    assert shape in text(source)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("[x]", "[y]", False),  # lists of what, nobody knows
        ("[1]", "[2]", True),
        ("['a']", "[f'{x}']", True),
        ("['a']", "[1]", False),
        ("{'a': 1}", "{'b': 2}", True),
        ("{'a': 1}", "{'b': x}", False),
        ("[1]", "{1}", False),
    ],
)
def test_collections_are_of_one_class_if_their_elements_are(first, second, same):
    """The class of a generic collection is an address of its own for each type of element."""
    handles = [each.split(")")[0] for each in text(f"def f(x, y):\n g({first})\n g({second})").split("New.")[1:]]
    addresses = [each.split("handle.o")[1].split("(")[0] for each in handles]
    assert (addresses[0] == addresses[1]) is same


def test_collections_that_meet_are_of_one_class():
    found = text("def f(a, x):\n b = [x]\n if a:\n  b = [a]\n g(b, [x])")
    assert [found.count(f"List(handle.o{address}()") for address in (4096, 4112)] == [2, 1]


def test_loops_are_inverted_and_weigh_eight():
    assert text("def f(n):\n for i in range(n):\n  g(i)") == (
        "@1 $1=i0 branch(lt($1,$0)) >1,2 @8 call.v:g($1) $1=add($1,i1) branch(lt($1,$0)) >1,2 @1 return()"
    )


def test_types_follow_use():
    method = lowered("def f(a, b, c, d, e):\n x = 0.5 * a\n b[c] = d.y\n e.close()\n return x < 2.0 and c < 3")
    assert method.locals[:5] == (Type.INT, Type.OTHER, Type.INT, Type.OTHER, Type.OTHER)
    assert Type.DOUBLE in method.locals


# Folders


def test_sources_are_never_run(tmp_path):
    (tmp_path / "bad.py").write_text(
        "import os\nos.abort()\nraise SystemExit\ndef f(x=print('run')):\n return x.y + x.y\n"
    )
    assert [method.name for method in from_python(tmp_path)] == ["py/bad.f"]


def test_names_are_unique_and_confined(tmp_path):
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").write_text("def f(): pass\ndef f(): pass\nclass É:\n def ñ(self): pass\n")
    (tmp_path / "pkg" / "a-b.py").write_text("g = lambda x: x.y\n")
    assert [method.name for method in from_python(tmp_path, prefix="own")] == [
        "own/pkg.f",
        "own/pkg.f#2",
        "own/pkg._._",
        "own/pkg.a_b.lambda",
    ]


def test_what_cannot_be_lowered_is_counted(tmp_path):
    (tmp_path / "a.py").write_text("def f(x):\n match x:\n  case 1: pass\ndef g(): return 1\n")
    (tmp_path / "b.py").write_text("def broken(:\n")
    (tmp_path / "c.py").write_bytes(b"\x00\xff")
    (tmp_path / "d.py").write_text("def deep(x): return " + "-" * 200 + "x\n")
    (tmp_path / "e.py").write_text("def large(x):\n" + " x.a = x.b\n" * 1100)
    (tmp_path / "skip").mkdir()
    (tmp_path / "skip" / "z.py").write_text("def z(): pass\n")
    skipped: Counter[str] = Counter()
    found = list(from_python(tmp_path, without=("skip",), skipped=skipped))
    assert [method.name for method in found] == ["py/a.g"]
    assert skipped == {"Match": 1, "file does not parse": 2, "tree too deep": 1, "too large": 1}


def test_a_folder_without_sources_is_refused(tmp_path):
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(ValueError, match="is no folder with Python files"):
            list(from_python(folder))


def test_every_function_of_this_interpreter_is_lowered_or_counted():
    folder = Path(json.__file__).parent
    skipped: Counter[str] = Counter()
    found = list(from_python(folder, skipped=skipped))
    written = sum(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_bytes()))
    )
    assert len(found) + skipped.total() == written
    for method in found:
        run(method, 1)


# The frozen set


def test_freezing_is_reproducible_and_leaves_out_copies(tmp_path, capsys):
    library = tmp_path / "Lib"
    library.mkdir()
    (library / "LICENSE.txt").write_text("terms")
    (library / "a.py").write_text(
        "def f(o): return o.x * o.x + o.x\ndef copy(o): return o.x * o.x + o.x\ndef none(): pass\n"
    )
    for out in ("one", "two"):
        assert main([str(tmp_path / out), str(library)]) == 0
    assert (tmp_path / "one" / f"{NAME}.ir.gz").read_bytes() == (tmp_path / "two" / f"{NAME}.ir.gz").read_bytes()
    card = json.loads(capsys.readouterr().out.split("}\n{")[0] + "}")
    assert (card["methods"], card["functions_lowered"]) == (1, 2)
    assert (tmp_path / "one" / f"{NAME}.LICENSE.txt").read_text() == "terms"


def test_freezing_needs_a_licence_and_arguments(tmp_path, capsys):
    with pytest.raises(ValueError, match=r"has no LICENSE\.txt"):
        freeze(tmp_path, tmp_path / "out")
    assert main([str(tmp_path / "out"), str(tmp_path)]) == 2
    assert "error: " in capsys.readouterr().err
    assert main([]) == 2


def test_the_card_says_what_the_file_holds():
    card = json.loads((DATA / f"{NAME}.json").read_text())
    raw = gzip.decompress(METHODS.read_bytes())
    assert card["checksum"] == blake2b(raw, digest_size=16).hexdigest()
    assert card["methods"] == len(methods()) >= 6_000
    assert card["methods_with_3_to_16_candidates"] >= 1_500
    assert card["licence"] == "PSF-2.0"
    assert "Python Software Foundation" in (DATA / f"{NAME}.LICENSE.txt").read_text()
    assert METHODS.stat().st_size < 3_000_000


def test_frozen_methods_read_back_and_have_candidates():
    lines = gzip.decompress(METHODS.read_bytes()).decode().splitlines()[::60]
    for line, method in zip(lines, read_lines(lines), strict=True):
        assert write(method) == line
        assert len(analyse(method).candidates) > 0
        assert Op.RETURN in {tree.op for block in method.blocks for tree in block.statements}


@pytest.mark.skipif(sys.version_info[:3] != (3, 11, 7), reason="the frozen set was made from Python 3.11.7")
def test_frozen_methods_are_what_the_sources_give():
    folder = Path(json.__file__).parent
    for method in from_python(folder):
        name = method.name.replace("py/", "py/json.").replace("json.__init__", "json")
        if name in methods():
            assert replace(method, name=name) == methods()[name]
