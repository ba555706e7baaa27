(* What a type is, from OCaml 4.14 on. The build takes one of these two files as describe.ml: nothing else of the tool
   depends on the version of the compiler. *)
let describe = Types.get_desc
