"""SmartRedis and SmartSim, installed once."""

from __future__ import annotations

import pytest

from tests.serving.conformance.environment import NoPython, installed


@pytest.fixture(scope="session")
def smartredis():
    """The Python that has SmartRedis 0.6.1 and SmartSim 0.8.0."""
    try:
        return installed()
    except NoPython as error:
        pytest.skip(str(error))
