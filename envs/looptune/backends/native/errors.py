"""What can go wrong in the native back end."""


class CompileError(ValueError):
    """The nest cannot be turned into machine code; the message says which limit it breaks."""


class WrongKernel(RuntimeError):
    """A kernel computed something else than its contraction."""


class UnsupportedCPU(RuntimeError):
    """This CPU or operating system cannot run the generated code."""
