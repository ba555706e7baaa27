(* Pull streams as closures: sources, maps, filters and sinks composed at run time. *)
type 'a stream = { next : unit -> 'a; more : unit -> bool }
let from a b = let i = ref a in { next = (fun () -> let v = !i in i := v + 1; v); more = (fun () -> !i < b) }
let map f s = { next = (fun () -> f (s.next ())); more = s.more }
let scan f init s =
  let acc = ref init in
  { next = (fun () -> let v = s.next () in acc := f !acc v; !acc); more = s.more }
let every n s =
  { next = (fun () -> let v = s.next () in for _k = 2 to n do if s.more () then ignore (s.next ()) done; v); more = s.more }
let rec drain f acc s = if s.more () then let v = s.next () in drain f (f acc v) s else acc
let square x = x * x land 0xFFFF
let mix a b = ((a * 3) + b) land 0xFFFFFF
let () =
  let total = ref 0 in
  for i = 1 to 28 do
    let s = every 2 (scan mix i (map square (from 0 (i * 60)))) in
    total := mix !total (drain mix 0 s)
  done;
  print_int !total; print_newline ()
