(* Lenses: pairs of getter and setter composed into deep accessors of nested records. *)
type inner = { a : int; b : int }
type middle = { left : inner; right : inner; weight : int }
type outer = { top : middle; bottom : middle; count : int }
type ('s, 'v) lens = { get : 's -> 'v; set : 'v -> 's -> 's }
let compose outer inner =
  { get = (fun s -> inner.get (outer.get s)); set = (fun v s -> outer.set (inner.set v (outer.get s)) s) }
let over lens f s = lens.set (f (lens.get s)) s
let a = { get = (fun s -> s.a); set = (fun v s -> { s with a = v }) }
let b = { get = (fun s -> s.b); set = (fun v s -> { s with b = v }) }
let left = { get = (fun s -> s.left); set = (fun v s -> { s with left = v }) }
let right = { get = (fun s -> s.right); set = (fun v s -> { s with right = v }) }
let top = { get = (fun s -> s.top); set = (fun v s -> { s with top = v }) }
let bottom = { get = (fun s -> s.bottom); set = (fun v s -> { s with bottom = v }) }
let top_left_a = compose top (compose left a)
let bottom_right_b = compose bottom (compose right b)
let bump k x = (x + k) land 0xFFFF
let rec run n s = if n = 0 then s else run (n - 1) (over bottom_right_b (bump n) (over top_left_a (bump 3) s))
let () =
  let leaf = { a = 1; b = 2 } in
  let mid = { left = leaf; right = leaf; weight = 3 } in
  let last = run 12000 { top = mid; bottom = mid; count = 0 } in
  print_int (top_left_a.get last * 31 + bottom_right_b.get last);
  print_newline ()
