(* Binary search trees over an ordering passed as a record of functions, as a functor would be. *)
type 'a order = { cmp : 'a -> 'a -> int; hash : 'a -> int }
type 'a tree = Leaf | Node of 'a tree * 'a * 'a tree
let int_order = { cmp = (fun (x : int) y -> if x < y then -1 else if x > y then 1 else 0); hash = (fun x -> x) }
let pair_order =
  { cmp = (fun (a, b) (c, d) -> let first = int_order.cmp a c in if first <> 0 then first else int_order.cmp b d);
    hash = (fun (a, b) -> (a * 31) + b) }
let rec insert order x = function
  | Leaf -> Node (Leaf, x, Leaf)
  | Node (l, y, r) as t ->
    let c = order.cmp x y in
    if c < 0 then Node (insert order x l, y, r) else if c > 0 then Node (l, y, insert order x r) else t
let rec mem order x = function
  | Leaf -> false
  | Node (l, y, r) -> let c = order.cmp x y in if c = 0 then true else mem order x (if c < 0 then l else r)
let rec fold f acc = function Leaf -> acc | Node (l, x, r) -> fold f (f (fold f acc l) x) r
let next seed = ((seed * 1103) + 12345) land 0xFFFF
let rec fill order make n seed tree = if n = 0 then tree else fill order make (n - 1) (next seed) (insert order (make seed) tree)
let rec hits order make n seed tree count =
  if n = 0 then count
  else hits order make (n - 1) (next seed) tree (if mem order (make seed) tree then count + 1 else count)
let checksum order tree = fold (fun acc x -> ((acc * 7) + order.hash x) land 0xFFFFFF) 0 tree
let () =
  let ints = fill int_order (fun s -> s) 900 17 Leaf in
  let pairs = fill pair_order (fun s -> (s land 255, s lsr 8)) 900 23 Leaf in
  let found = hits int_order (fun s -> s) 1500 5 ints 0 + hits pair_order (fun s -> (s land 255, s lsr 8)) 1500 9 pairs 0 in
  print_int ((checksum int_order ints + checksum pair_order pairs + found) land 0xFFFFFF);
  print_newline ()
