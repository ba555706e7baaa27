"""What the tests of the real compiler share: compilers, where there are any, and programs."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from gymcc.envs.core.problem import BackendError
from gymcc.envs.ocaml.backends.compiler import Action, Compiler, detect

DATA = Path(__file__).parents[1] / "data" / "ocaml"
PROGRAMS = ("paths.ml", "pipeline.ml", "records.ml", "recursion.ml", "features.ml", "modules")


def _found(middle_end):
    try:
        return detect(middle_end)
    except BackendError:
        return None


CLOSURE, FLAMBDA = _found("closure"), _found("flambda")
ANY = CLOSURE or FLAMBDA
needs_ocaml = pytest.mark.skipif(not (ANY and ANY.valgrind), reason="no ocamlopt or no valgrind")
needs_closure = pytest.mark.skipif(
    not (CLOSURE and CLOSURE.valgrind), reason="no ocamlopt in closure mode or no valgrind"
)
needs_flambda = pytest.mark.skipif(not (FLAMBDA and FLAMBDA.valgrind), reason="no ocamlopt with Flambda or no valgrind")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """What tests build and measure is not the user's; compilers have been found before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GYMCC_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def compiler_of(name, toolchain=None, **options):
    return Compiler(DATA / name, toolchain=toolchain or ANY, **options)


def site_of(compiler, name, line=None):
    """The only site that calls ``name``, on ``line`` if there are others."""
    (found,) = [site.id for site in compiler.sites if site.name == name and line in (None, site.line)]
    return found


def everywhere(compiler, action):
    return {(site.id,): action for site in compiler.sites}


def random_tree(compiler, seed, depth=3):
    """Legal decisions on all paths that they open, down to ``depth``."""
    rng, decisions = random.Random(seed), {}

    def decide(prefix, sites):
        for site in sites:
            path = (*prefix, site)
            decisions[path] = rng.choice(sorted(compiler.legal(path)))
            if decisions[path] is Action.INLINE and len(path) < depth:
                decide(path, compiler.children(path))

    decide((), range(len(compiler.sites)))
    return decisions
