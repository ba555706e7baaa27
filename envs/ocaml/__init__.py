"""OCaml inlining: which calls an OCaml compiler replaces by the body of the function they call."""
