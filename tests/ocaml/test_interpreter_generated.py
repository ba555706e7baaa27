"""Generated expressions: the interpreter against an evaluator of their trees, and against ocamlopt."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from gymcc.envs.ocaml.frontend import parse_program
from gymcc.envs.ocaml.interpreter import DivisionByZero, run
from tests.ocaml.generated_expressions import programs
from tests.ocaml.native import needs_ocamlopt, output_of

SETTINGS = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}


@given(programs())
@settings(max_examples=150, **SETTINGS)
def test_expressions_have_the_value_and_the_order_of_evaluation_of_the_evaluator(generated):
    program = parse_program(generated.source, "generated")
    if generated.printed is None:
        with pytest.raises(DivisionByZero):
            run(program)
    else:
        assert run(program).output == generated.printed


@needs_ocamlopt
@given(programs().filter(lambda generated: generated.printed is not None))
@settings(max_examples=15, **SETTINGS)
def test_ocamlopt_agrees(generated):
    with tempfile.TemporaryDirectory() as folder:
        assert output_of(generated.source, Path(folder)) == run(parse_program(generated.source, "generated")).output
