"""The figures of a target that RyuJIT's heuristics look at: registers, argument registers and costs of the frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gymcc.envs.jitcse.ir import Type


@dataclass(frozen=True, slots=True)
class RegisterClass:
    """The integer or the floating-point registers, as RyuJIT's ``target*.h`` count them for CSE."""

    saved: int  # preserved by calls: CNT_CALLEE_SAVED
    trashed: int  # not preserved: CNT_CALLEE_TRASH
    enregisterable: int  # preserved ones that locals may have: CNT_CALLEE_ENREG

    @property
    def aggressive(self) -> int:
        """Locals sure of a register: CNT_AGGRESSIVE_ENREG."""
        return self.enregisterable * 3 // 2

    @property
    def moderate(self) -> int:
        """Locals likely to have a register: CNT_MODERATE_ENREG."""
        return self.enregisterable * 3 + self.trashed * 2


@dataclass(frozen=True, slots=True)
class Machine:
    """A target and its calling convention. Costs on the stack are (def, use) pairs in bytes of code."""

    name: str
    integer: RegisterClass
    floating: RegisterClass
    integer_arguments: int  # parameters passed in integer registers
    floating_arguments: int
    positional_arguments: bool  # the n-th parameter has the n-th register of its class, so that classes share one count
    struct_by_reference: bool  # a 16-byte struct is passed by address, not in two registers
    preserves_vectors: bool  # calls preserve all of a saved floating register, not only its lower 8 bytes
    large_frame: int  # bytes beyond which displacements get longer
    small_frame_costs: tuple[int, int]
    large_frame_costs: tuple[int, int]
    floating_extra: tuple[int, int]  # longer encoding of a floating-point load and store

    def registers(self, type: Type) -> RegisterClass:
        """The class that values of a type live in; structs count as integers, as RyuJIT has it."""
        return self.floating if type.floating else self.integer

    def in_registers(self, parameters: Sequence[Type]) -> tuple[bool, ...]:
        """For each parameter, whether it arrives in a register. A struct that finds too few is passed on the stack."""
        left = {False: self.integer_arguments, True: self.floating_arguments}
        found = []
        for type in parameters:
            needs = 2 if type is Type.STRUCT and not self.struct_by_reference else 1
            fits = left[type.floating] >= needs
            found.append(fits)
            for floating in left:
                if floating == type.floating or self.positional_arguments:
                    left[floating] = max(0, left[floating] - (needs if fits else 0))
        return tuple(found)


# Counts of targetamd64.h. On Windows the frame pointer is among the saved registers, so 8 are saved and 7 trashed,
# which gives the 12 and 38 of the comment in optcse.cpp. On System V it is not (ETW_EBP_FRAMED is 1): rbx and r12 to
# r15 are saved, 9 trashed, which gives 7 and 33; no floating-point register survives a call. The 16 vector registers
# that AVX-512 adds are left out.
_XARCH_SMALL = (3, 2)  # mov [rbp-1Ch], reg
_XARCH_LARGE = (6, 5)  # mov [rbp-1FCh], reg
X64 = Machine(
    name="x64",
    integer=RegisterClass(saved=5, trashed=9, enregisterable=5),
    floating=RegisterClass(saved=0, trashed=16, enregisterable=0),
    integer_arguments=6,
    floating_arguments=8,
    positional_arguments=False,
    struct_by_reference=False,
    preserves_vectors=False,
    large_frame=0x80,
    small_frame_costs=_XARCH_SMALL,
    large_frame_costs=_XARCH_LARGE,
    floating_extra=(2, 1),
)
X64_WINDOWS = Machine(
    name="x64-windows",
    integer=RegisterClass(saved=8, trashed=7, enregisterable=8),
    floating=RegisterClass(saved=10, trashed=6, enregisterable=10),
    integer_arguments=4,
    floating_arguments=4,
    positional_arguments=True,
    struct_by_reference=True,
    preserves_vectors=True,
    large_frame=0x80,
    small_frame_costs=_XARCH_SMALL,
    large_frame_costs=_XARCH_LARGE,
    floating_extra=(2, 1),
)
# Counts of targetarm64.h: x19 to x28 and the frame pointer are saved, which locals may not have (15 and 64); of v8 to
# v15 only the lower halves are.
ARM64 = Machine(
    name="arm64",
    integer=RegisterClass(saved=11, trashed=17, enregisterable=10),
    floating=RegisterClass(saved=8, trashed=24, enregisterable=8),
    integer_arguments=8,
    floating_arguments=8,
    positional_arguments=False,
    struct_by_reference=False,
    preserves_vectors=False,
    large_frame=0x1000,
    small_frame_costs=(2, 2),  # str reg, [sp, #9Ch]
    large_frame_costs=(8, 8),  # the address first, then str
    floating_extra=(0, 0),
)
MACHINES = {machine.name: machine for machine in (X64, X64_WINDOWS, ARM64)}
