"""A stand-in for a NITTA server: the whole web API, answered from the embedded model (``gymcc nitta serve``).

Node ids, options, scores and schedules are NITTA's own, so its clients, crawlers and web interface cannot tell the
difference, except that it starts at once and answers faster. It listens on this machine only.
"""

from __future__ import annotations
