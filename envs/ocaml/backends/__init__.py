"""What decisions cost: the real compilers."""
