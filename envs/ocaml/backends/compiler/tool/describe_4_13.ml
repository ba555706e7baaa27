(* What a type is, to OCaml 4.13; see describe_4_14.ml. *)
let describe t = (Btype.repr t).Types.desc
