"""ocamlopt as the oracle: compiles a program and runs it."""

from __future__ import annotations

import shutil
import subprocess

import pytest

OCAMLOPT = shutil.which("ocamlopt")
needs_ocamlopt = pytest.mark.skipif(OCAMLOPT is None, reason="no ocamlopt")


def compiles(source, folder):
    """Whether ocamlopt takes the program, and what it says if not; warnings aside."""
    (folder / "program.ml").write_text(source)
    command = [OCAMLOPT, "-w", "-a", "program.ml", "-o", "program"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode == 0, done.stderr


def output_of(source, folder):
    """What the program prints when ocamlopt has compiled it."""
    taken, message = compiles(source, folder)
    assert taken, message
    done = subprocess.run([folder / "program"], cwd=folder, capture_output=True, timeout=60, check=True)
    return done.stdout.decode("latin-1")
