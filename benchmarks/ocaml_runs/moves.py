"""The move of the original's searches: flip leaves, or undo an inlined subtree."""

from __future__ import annotations

from random import Random

from gymcc.benchmarks.ocaml_runs.space import Space, Tree

FLIPS = 3


def mutate(space: Space, tree: Tree, random: Random) -> Tree:
    """A neighbour of a tree, with equal chances by :func:`flip` or :func:`backtrack`; raises ValueError without calls.

    Where nothing is inlined that has calls in it there is nothing to undo, and leaves are flipped.
    """
    if random.random() < 0.5:
        return flip(space, tree, random)
    return backtrack(space, tree, random)


def flip(space: Space, tree: Tree, random: Random) -> Tree:
    """Flip three distinct random leaves: calls are inlined, inlined paths without calls in them become calls.

    Flips that the limits forbid are left out; where there are fewer leaves, all are flipped.
    """
    leaves = space.leaves(tree)
    if not leaves:
        raise ValueError("the program has no call that can be inlined")
    for leaf in random.sample(leaves, min(FLIPS, len(leaves))):
        flipped = tree ^ {leaf}
        if leaf in tree or space.fits(flipped):
            tree = flipped
    return tree


def backtrack(space: Space, tree: Tree, random: Random) -> Tree:
    """Make the innermost inlined path around a random leaf a call again, with all that was inlined in it."""
    inner = [leaf for leaf in space.leaves(tree) if len(leaf) > 1]
    if not inner:
        return flip(space, tree, random)
    undone = random.choice(inner)[:-1]
    return frozenset(path for path in tree if path[: len(undone)] != undone)
