"""The scoring service that NITTA asks when it is run with ``-s ml_NAME``: ``gymcc nitta ml-backend --models DIR``.

NITTA finds the service by the file ``.ml_backend_base_url`` in its working directory, posts all options of a node and
adds 20 to what it gets back; the sum takes the place of its own score (nitta, ``src/NITTA/Synthesis/MlBackend``).
A model is a folder of DIR: a value network, which needs no more than the request (:mod:`.value_model`), or what looks
at the state behind the options and must be given the program: an exported policy (:mod:`.policy_model`) or a guide
(:mod:`.guide_model`), of which ``nitta-guide`` is shipped.
"""

from __future__ import annotations
