"""The embedded model against what a real NITTA server answered, node by node."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from gymcc.envs.nitta.crosswalk import BadTrace, crosswalk

TRACES = sorted((Path(__file__).parents[1] / "data" / "nitta" / "traces").glob("*.jsonl.gz"))


def test_there_are_traces() -> None:
    assert len(TRACES) == 14


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.name.split(".")[0])
def test_the_model_agrees_with_the_recorded_server(path: Path) -> None:
    found = crosswalk(path)
    assert found.differences == []
    assert found.nodes > 200
    assert found.options > 500


def altered(tmp_path: Path, change: object) -> Path:
    """A copy of the smallest trace with its root's record changed."""
    source = next(path for path in TRACES if path.name.startswith("swap2"))
    lines = []
    for line in gzip.decompress(source.read_bytes()).splitlines():
        record = json.loads(line)
        if record["record"] == "node" and record["sid"] == "-":
            change(record)  # type: ignore[operator]
        lines.append(json.dumps(record))
    path = tmp_path / "altered.jsonl"
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda root: root["children"][0].update(score=5103), "score"),
        (lambda root: root["children"][0].update(duration=3), "duration"),
        (lambda root: root["children"][4].update(isTerminal=True), "isTerminal"),
        (lambda root: root["children"][4]["parameters"].update(pWave=7), "pWave"),
        (lambda root: root["children"][4]["decision"].update(pu="fram7"), "decision"),
        (lambda root: root["children"].pop(), "options"),
        (lambda root: root["children"].reverse(), "decision"),
        (lambda root: root.update(crashed=True), "crashed"),
    ],
)
def test_every_difference_is_seen(tmp_path: Path, change: object, said: str) -> None:
    differences = crosswalk(altered(tmp_path, change)).differences
    assert differences
    assert any(said in difference for difference in differences)


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "no header"), ("{}", "line 1"), ("nonsense", "JSON"), ('{"record": "node", "sid": "-"}', "no header")],
)
def test_a_file_that_is_no_trace_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(text)
    with pytest.raises(BadTrace, match=said):
        crosswalk(path)
