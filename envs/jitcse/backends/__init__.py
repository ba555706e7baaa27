"""Back ends that price the code of a choice: the embedded JIT, LLVM, and a live SuperPMI."""
