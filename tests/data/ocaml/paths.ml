(* Two levels of calls, each called from several places, so that paths differ from sites. *)
let leaf x = (x lxor 5) * 3 + (x land 7)
let mid x = leaf (x + 1) + leaf (x * 2)
let upper x = mid x - mid (x + 3)

let main rounds =
  let total = ref 0 in
  for i = 1 to rounds do
    total := (!total + upper i + mid i) land 0xffffff
  done;
  !total

let () =
  print_int (main 2000);
  print_newline ()
