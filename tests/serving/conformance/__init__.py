"""Programs that SmartRedis 0.6.1 and SmartSim 0.8.0 run, unmodified, in an environment of their own."""

from __future__ import annotations
