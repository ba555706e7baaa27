"""What server and clients agree on: the wire format of SmartRedis 0.6.1 over RESP2, in pure Python and numpy.

:mod:`.resp` writes requests, :mod:`.tensors` and :mod:`.metadata` encode values, :mod:`.names` says under which keys
they lie, :mod:`.address` where the server is.
"""

from __future__ import annotations
