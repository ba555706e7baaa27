"""`gymcc nitta generate`: the generator's programs as files."""

from __future__ import annotations

import pytest

from gymcc.envs.nitta.frontend import compile_lua
from gymcc.envs.nitta.generator import generate
from gymcc.scripts.nitta_generate import command, sized


def test_files_are_the_generators_programs(tmp_path, capsys):
    command(tmp_path / "some", size="small", count=3, seed=7)
    assert {file.name for file in (tmp_path / "some").iterdir()} == {"small7.lua", "small8.lua", "small9.lua"}
    assert (tmp_path / "some" / "small8.lua").read_text() == generate(8, "small")
    assert "3" in capsys.readouterr().out


def test_knobs_are_kept(tmp_path):
    command(tmp_path / "some", knob=["functions=20", "loops=3", "inputs=2", "multiply=0.5"], count=1)
    (file,) = (tmp_path / "some").iterdir()
    functions = compile_lua(file.read_text()).functions
    kinds = [str(function.kind) for function in functions]
    assert (len(functions), kinds.count("loop"), kinds.count("receive")) == (20, 3, 2)


@pytest.mark.parametrize(
    ("knobs", "says"),
    [
        (["size=3"], "unknown knob 'size'; allowed: functions"),
        (["functions=many"], "functions takes a number"),
        (["loops=2"], "functions=N is needed"),
        (["functions=500"], "from 1 to 200"),
    ],
)
def test_knobs_that_are_none(knobs, says):
    with pytest.raises(ValueError, match=says):
        sized(knobs)


def test_nothing_is_written_over(tmp_path):
    with pytest.raises(ValueError, match="exists already"):
        command(tmp_path)
    with pytest.raises(ValueError, match="unknown size 'huge'"):
        command(tmp_path / "new", size="huge")
    assert list(tmp_path.iterdir()) == []
