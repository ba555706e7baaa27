"""The orchestrator: a server that keeps tensors, data sets and models, and runs the models, over the Redis protocol.

It speaks what clients of SmartRedis and RedisAI send (RESP2 over TCP or a unix socket). A request goes through
``connection`` (bytes to requests, order, backpressure), ``dispatch`` (name to handler), one of ``commands`` and the
``store``; models run in ``models``.
"""

from __future__ import annotations
