"""The machines code is made for: registers by role, and what the calling convention asks of a frame.

Two registers of each class are scratch: they hold values inside a statement. What is left goes to locals. RyuJIT gives
locals the scratch registers, too, wherever no tree needs them; a linear scan over locals alone is what they pay for.
Register names and sets are those of RyuJIT's targetamd64.h and targetarm64.h.
"""

from __future__ import annotations

from dataclasses import dataclass

from gymcc.envs.jitcse.ir import Type


@dataclass(frozen=True, slots=True)
class RegisterFile:
    """The integer or the floating-point registers."""

    scratch: tuple[str, str]  # for values inside a statement; the first one returns a call's result
    trashed: tuple[str, ...]  # for locals, not preserved by calls
    saved: tuple[str, ...]  # for locals, preserved by calls: whoever takes one saves and restores it
    arguments: tuple[str, ...]  # in which the first arguments travel


@dataclass(frozen=True, slots=True)
class Machine:
    """A target and its calling convention."""

    name: str
    integer: RegisterFile
    floating: RegisterFile
    arm: bool = False
    frame_pointer: bool = True  # the frame is addressed through rbp, else through rsp, which costs a byte per access
    outgoing: int = 0  # bytes that a caller reserves for its callees
    positional: bool = False  # the n-th argument has the n-th register of its class: the classes share one count
    preserves_vectors: bool = False  # calls preserve all 16 bytes of a saved floating-point register

    def file(self, floating: bool) -> RegisterFile:
        """The registers of a class."""
        return self.floating if floating else self.integer

    def argument_registers(self, types: tuple[Type, ...]) -> tuple[str | None, ...]:
        """For each argument the register it travels in, None if it is passed on the stack.

        A struct takes two integer registers where the convention passes it so, and is named by its first.
        """
        used = {False: 0, True: 0}
        found: list[str | None] = []
        for kind in types:
            floating, needs = kind.floating, self.argument_words(kind)
            names = self.file(floating).arguments
            fits = used[floating] + needs <= len(names)
            found.append(names[used[floating]] if fits else None)
            for each in used:
                if fits and (each == floating or self.positional):
                    used[each] += needs
        return tuple(found)

    def argument_words(self, kind: Type) -> int:
        """Integer registers that an argument of a type takes; Windows passes structs by address."""
        return 2 if kind is Type.STRUCT and not self.positional else 1


def _numbered(prefix: str, *ranges: range) -> tuple[str, ...]:
    return tuple(f"{prefix}{number}" for each in ranges for number in each)


# System V: nine trashed and five saved registers, rbp being the frame pointer (ETW_EBP_FRAMED is 1 there); no
# floating-point register survives a call. rdx is scratch because divisions take it.
X64 = Machine(
    name="x64",
    integer=RegisterFile(
        scratch=("rax", "rdx"),
        trashed=("rdi", "rsi", "rcx", "r8", "r9", "r10", "r11"),
        saved=("rbx", "r15", "r14", "r13", "r12"),
        arguments=("rdi", "rsi", "rdx", "rcx", "r8", "r9"),
    ),
    floating=RegisterFile(
        scratch=("xmm0", "xmm15"),
        trashed=_numbered("xmm", range(1, 15)),
        saved=(),
        arguments=_numbered("xmm", range(8)),
    ),
)
# Windows: seven trashed and eight saved ones; ten of the vector registers are preserved whole.
X64_WINDOWS = Machine(
    name="x64-windows",
    integer=RegisterFile(
        scratch=("rax", "rdx"),
        trashed=("rcx", "r8", "r9", "r10", "r11"),
        saved=("rbx", "rsi", "rdi", "rbp", "r14", "r15", "r13", "r12"),
        arguments=("rcx", "rdx", "r8", "r9"),
    ),
    floating=RegisterFile(
        scratch=("xmm0", "xmm5"),
        trashed=_numbered("xmm", range(1, 5)),
        saved=_numbered("xmm", range(6, 16)),
        arguments=_numbered("xmm", range(4)),
    ),
    frame_pointer=False,
    outgoing=32,
    positional=True,
    preserves_vectors=True,
)
# Arm: x18 is the platform's, x29 and x30 are frame pointer and link register; of v8 to v15 the lower halves survive.
ARM64 = Machine(
    name="arm64",
    integer=RegisterFile(
        scratch=("x0", "x16"),
        trashed=_numbered("x", range(1, 16)),
        saved=_numbered("x", range(19, 29)),
        arguments=_numbered("x", range(8)),
    ),
    floating=RegisterFile(
        scratch=("v0", "v31"),
        trashed=_numbered("v", range(1, 8), range(16, 31)),
        saved=_numbered("v", range(8, 16)),
        arguments=_numbered("v", range(8)),
    ),
    arm=True,
)
MACHINES = {machine.name: machine for machine in (X64, X64_WINDOWS, ARM64)}


def machine_named(name: str) -> Machine:
    """The machine of that name; raises ValueError naming the known ones."""
    if name not in MACHINES:
        raise ValueError(f"unknown arch {name!r}; allowed: {', '.join(MACHINES)}")
    return MACHINES[name]
