"""GymCC, the Gymnasium Compiler Collection: compiler optimisation problems as Gymnasium environments.

``import gymcc`` registers them; ``gymnasium.make("looptune-mm-v0")`` makes one.
"""

import gymnasium

from gymcc.envs.registry import ROWS

__version__ = "0.1.0"

for _row in ROWS:
    gymnasium.register(
        _row.id, entry_point=_row.entry_point, kwargs=dict(_row.options), nondeterministic=not _row.deterministic
    )
