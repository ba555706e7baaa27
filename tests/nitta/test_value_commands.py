"""`gymcc nitta crawl | learn | trial` and `gymcc search nitta --program`."""

import json
from pathlib import Path

import pytest

from gymcc.agents.nitta_value.guide import SHIPPED
from gymcc.envs.nitta.frontend import compile_lua
from gymcc.envs.nitta.tree import open_tree
from gymcc.scripts.main import run as gymcc_main
from tests.nitta.recorded import DATA, results

PROGRAMS = DATA / "programs"
ROOT = Path(__file__).parents[2]
NARROW = """
type = "fx24.32"
ioSync = "Sync"
[[networks]]
name = "net1"
protos = []
[[networks.pus]]
type = "Fram"
name = "fram1"
size = 16
[[networks.pus]]
type = "Accum"
name = "accum"
[[networks.pus]]
type = "SPI"
name = "spi"
mosi = "m"
miso = "s"
sclk = "c"
cs = "n"
isSlave = true
bufferSize = 6
bounceFilter = 0
"""


@pytest.fixture
def gymcc(capsys):
    """Run a command; gives exit status, standard output and standard error."""

    def call(*arguments):
        with pytest.raises(SystemExit) as stop:
            gymcc_main([str(each) for each in arguments])
        out, err = capsys.readouterr()
        return int(stop.value.code or 0), out, err

    return call


@pytest.mark.parametrize("method", ["stateOfTheArt", "allBindsAndRefs+bestThread", "allBestThreads1"])
def test_search_prints_what_the_server_found(gymcc, method):
    status, out, _ = gymcc("search", "nitta", "--program", PROGRAMS / "clamp.lua", "--method", method, "--json")
    (row,) = json.loads(out)
    recorded = results()["clamp"]["methods"][method]
    assert status == 0
    assert {key: row[key] for key in ("sid", "steps", "duration")} == {
        key: recorded[key] for key in ("sid", "steps", "duration")
    }
    assert row["complete"] == (recorded["isTerminal"] and recorded["isFinish"])


def test_nittas_methods_and_ours_stand_side_by_side(gymcc):
    methods = "stateOfTheArt,topDownByScore1.4,weightedDescents,mcts,beam2,random"
    limits = ("--evaluations", "150", "--seed", "3")
    status, out, _ = gymcc(
        "search", "nitta", "--program", PROGRAMS / "swap2.lua", "--method", methods, *limits, "--json"
    )
    rows = json.loads(out)
    assert status == 0
    assert [row["method"] for row in rows] == methods.split(",")
    root = open_tree(compile_lua((PROGRAMS / "swap2.lua").read_text(), "swap2"))
    for row in rows:
        node = root.at(row["sid"])
        assert (node.duration, node.is_leaf and node.is_complete) == (row["duration"], row["complete"])
        assert row["evaluations"] <= 150
        assert row["steps"] == node.depth


def test_another_microarchitecture_and_number_type(gymcc, tmp_path):
    (tmp_path / "narrow.toml").write_text(NARROW)
    own = ("--microarchitecture", tmp_path / "narrow.toml", "--number-type", "fx16.32")
    status, out, err = gymcc(
        "search", "nitta", "--program", PROGRAMS / "swap2.lua", "--method", "bestThread", *own, "--json"
    )
    assert status == 0, err
    narrow = json.loads(out)[0]
    status, out, _ = gymcc("search", "nitta", "--program", PROGRAMS / "swap2.lua", "--method", "bestThread", "--json")
    assert json.loads(out)[0]["sid"] != narrow["sid"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["search", "nitta", "--program", "nowhere.lua"], ["nowhere.lua"]),
        (["search", "jitcse-v0", "--program", PROGRAMS / "swap2.lua"], ["jitcse", "no programs"]),
        (["search", "nitta", "--program", PROGRAMS / "swap2.lua", "--method", "best"], ["'best'", "stateOfTheArt"]),
        (["search", "nitta", "--program", PROGRAMS / "swap2.lua", "--method", "allBestThreads9"], ["0 to 4"]),
        (["search", "nitta", "--program", PROGRAMS / "swap2.lua", "--number-type", "fx9"], ["fx9", "fxM.B"]),
        (["search", "nitta", "--program", PROGRAMS / "swap2.lua", "--method", "bestThread", "--model", "no"], ["no"]),
        (["nitta", "learn", "no.yaml", "--out", "x"], ["no.yaml"]),
        (["nitta", "learn", ROOT / "configs" / "nitta-value.yaml", "--out", "x"], ["--crawl"]),
        (["nitta", "trial", "--guide", "no"], ["guide.json"]),
        (["nitta", "crawl", "x", "--program", ROOT / "configs"], ["no Lua program"]),
    ],
)
def test_bad_input_is_one_line(gymcc, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    status, _, err = gymcc(*arguments)
    assert status == 2
    assert len(err.strip().splitlines()) == 1
    assert all(word in err for word in words)


def test_from_programs_to_a_network_that_scores(gymcc, tmp_path):
    crawl = (
        "nitta",
        "crawl",
        tmp_path / "crawl",
        "--program",
        PROGRAMS / "relay.lua",
        "--samples",
        "40",
        "--nodes",
        "50",
    )
    status, out, _ = gymcc(*crawl, "--json")
    assert status == 0
    assert json.loads(out)[0]["descents"] == 40
    assert json.loads(gymcc(*crawl, "--json")[1]) == json.loads(out)  # nothing is done twice
    config = tmp_path / "value.yaml"
    config.write_text("kind: value\nlayers: [8]\ndropout: []\nlr: 0.01\nsteps: 60\n")
    learn = ("nitta", "learn", config, "--crawl", tmp_path / "crawl", "--out", tmp_path / "run", "--json")
    status, out, _ = gymcc(*learn)
    assert status == 0
    assert "validation_mae" in json.loads(out.splitlines()[-1])
    scored = (
        "search",
        "nitta",
        "--program",
        PROGRAMS / "relay.lua",
        "--method",
        "stateOfTheArt",
        "--model",
        tmp_path / "run",
    )
    status, out, _ = gymcc(*scored, "--json")
    assert status == 0
    assert json.loads(out)[0]["evaluations"] > 5


@pytest.mark.skipif(not SHIPPED.is_dir(), reason="no guide is shipped")
def test_the_shipped_guide_is_no_worse_than_nitta_on_small_programs(gymcc):
    found = []
    for name in ("clamp", "digits", "leaky1", "relay", "swap2"):
        found += ["--program", PROGRAMS / f"{name}.lua"]
    status, out, _ = gymcc("nitta", "trial", *found, "--json")
    (report,) = json.loads(out)
    assert status == 0
    assert report["summary"]["longer"] == 0
    assert report["summary"]["ratio"] < 0.97
    assert [row["program"] for row in report["programs"]] == ["clamp", "digits", "leaky1", "relay", "swap2"]
    status, out, _ = gymcc("search", "nitta", *found[:2], "--method", "guided", "--evaluations", "244", "--json")
    assert json.loads(out)[0]["duration"] == report["programs"][0]["guided"]


def test_the_shipped_files_are_together():
    assert SHIPPED.is_dir() == (SHIPPED / "guide.onnx").is_file() == (SHIPPED / "guide.json").is_file()
