"""What the source says about a call, by the names that all back ends share."""

from __future__ import annotations

from gymcc.envs.ocaml.backends.compiler.listing import Listing
from gymcc.envs.ocaml.features import NAMES as FEATURES
from gymcc.envs.ocaml.features import features_of

__all__ = ["FEATURES", "features"]


def features(listing: Listing, site: int) -> tuple[float, ...]:
    """One number for each of :data:`FEATURES`: counts, depths, and 0 or 1."""
    return features_of(listing.sites[site], listing.definitions)
