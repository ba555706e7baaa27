open Mixing

let rec drain total q =
  match Queue_of.pop q with
  | None -> total
  | Some (x, rest) -> drain (Low.mixed total x + mix x 1) rest

let () =
  let q = ref Queue_of.empty in
  for i = 1 to 200 do
    q := Queue_of.push (twist i) !q
  done;
  let size = Queue_of.Size.get !q in
  print_int (Low.bits (drain 0 !q) + size);
  print_newline ()
