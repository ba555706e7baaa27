"""What the code generator can address."""

from __future__ import annotations

from gymcc.envs.looptune.backends.native.errors import CompileError
from gymcc.envs.looptune.state import Contraction

MAX_BYTES = 2**31 - 1  # of one operand: displacements are signed 32-bit numbers


def check_operands(contraction: Contraction) -> None:
    """Raise CompileError if the code generator cannot address the operands."""
    if any(stride < 0 for strides in contraction.strides for stride in strides):
        raise CompileError("negative strides are not supported")
    if 4 * max(contraction.sizes()) > MAX_BYTES:
        raise CompileError(f"an operand is larger than {MAX_BYTES} bytes")
