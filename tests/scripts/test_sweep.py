"""A whole sweep through the command line, killed on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytest.importorskip("ray")

SMOKE = Path(__file__).parents[2] / "configs" / "smoke.yaml"
COMMAND = [sys.executable, "-m", "gymcc.scripts.main", "sweep"]
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1"}


def _file(tmp_path: Path) -> Path:
    path = tmp_path / "lr.yaml"
    body = {
        "base": str(SMOKE),
        "set": {"budget.env_steps": 600, "budget.iteration_steps": 100, "logger": ["jsonl"]},
        "ranges": {"algorithm.lr": {"log_uniform": [1e-5, 1e-2]}, "network.layers": {"choice": [[16], [32, 32]]}},
        "halving": {"first": 0.3, "factor": 2},
        "samples": 3,
    }
    path.write_text(yaml.safe_dump(body))
    return path


def test_a_sweep_that_is_killed_goes_on_and_ends_with_a_winner(tmp_path: Path) -> None:
    out = tmp_path / "out"
    begun = [*COMMAND, str(_file(tmp_path)), "--out", str(out)]
    with subprocess.Popen(begun, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = next(line.split(":")[0] for line in process.stdout if "100 % spent" in line)
        process.send_signal(signal.SIGKILL)
    done_before = (out / "runs" / first / "metrics.jsonl").read_text()
    again = [*COMMAND, str(out), "--resume", "--json"]
    resumed = subprocess.run(again, env=ENVIRONMENT, capture_output=True, text=True, timeout=240)
    assert resumed.returncode == 0, resumed.stderr
    rows = json.loads(resumed.stdout)
    assert len(rows) == 3, "as many draws as were asked for, none lost, none twice"
    assert len({row["algorithm.lr"] for row in rows}) == 3
    assert (out / "runs" / first / "metrics.jsonl").read_text() == done_before, "what was over is not done again"
    assert [row["speedup"] for row in rows] == sorted((row["speedup"] for row in rows), reverse=True)
    for row in rows:
        body = yaml.safe_load((out / "runs" / row["run"] / "config.yaml").read_text())
        assert body["algorithm"]["lr"] == row["algorithm.lr"], "a row tells what its run was trained with"
        assert body["logger"]["wandb"]["group"] == "out"
    best = out / "best"
    assert json.loads((best / "policy.json").read_text())["validation"]["speedup"] == pytest.approx(rows[0]["speedup"])
    assert (best / "config.yaml").read_bytes() == (out / "runs" / rows[0]["run"] / "config.yaml").read_bytes()
    assert any((best / "checkpoints").iterdir())
    page = (out / "report.html").read_text()
    assert all(row["run"] in page for row in rows)
    refused = subprocess.run(begun, env=ENVIRONMENT, capture_output=True, text=True, timeout=120)
    assert refused.returncode == 2
    assert "exists already" in refused.stderr
