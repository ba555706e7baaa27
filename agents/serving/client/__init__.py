"""A client of the orchestrator with the method names of SmartRedis 0.6.1, in Python and numpy of any version.

>>> from gymcc.agents.serving import Client, Dataset
>>> with Client("unix:///run/gymcc.sock", timeout=5.0) as client:  # or by SSDB and its like
...     client.put_tensor("x", np.ones((1, 4), np.float32))
...     client.run_model("looptune", ["x"], ["y"])
...     client.get_tensor("y")

Every operation ends by its deadline, with what was asked for or with an error of :mod:`.errors` that names the command
and the server. A connection that breaks is made again; what was under way is sent again only where sending it twice is
the same as sending it once.
"""

from __future__ import annotations
