"""The tests of a real SLURM take minutes and two free cores: they run where GYMCC_REQUIRE_SLURM is set."""

from __future__ import annotations

import os

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get("GYMCC_REQUIRE_SLURM"):
        return
    reason = "set GYMCC_REQUIRE_SLURM=1 to bring up a two-node SLURM on this machine (slurm-wlm, munge)"
    for item in items:
        if "tests/slurm/" in item.nodeid:
            item.add_marker(pytest.mark.skip(reason=reason))
