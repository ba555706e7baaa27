(* Functional queues, stacks and priority queues behind records of operations. *)
type 'a queue = { front : 'a list; back : 'a list; size : int }
let empty = { front = []; back = []; size = 0 }
let rec rev_onto acc = function [] -> acc | x :: rest -> rev_onto (x :: acc) rest
let balance q = match q.front with [] -> { q with front = rev_onto [] q.back; back = [] } | _ -> q
let put x q = balance { q with back = x :: q.back; size = q.size + 1 }
let head default q = match q.front with [] -> default | x :: _ -> x
let tail q = match q.front with [] -> q | _ :: rest -> balance { q with front = rest; size = q.size - 1 }
let is_empty q = q.size = 0
type heap = Nil | Tree of int * heap * heap
let rec merge a b =
  match (a, b) with
  | Nil, h -> h
  | h, Nil -> h
  | Tree (x, l, r), Tree (y, l2, r2) -> if x <= y then Tree (x, merge r b, l) else Tree (y, merge r2 a, l2)
let insert x h = merge (Tree (x, Nil, Nil)) h
let least default h = match h with Nil -> default | Tree (x, _, _) -> x
let drop h = match h with Nil -> Nil | Tree (_, l, r) -> merge l r
let next s = ((s * 1103) + 12345) land 0x7FFF
let rec spin n s q acc =
  if n = 0 then acc
  else
    let q = put s q in
    let q = if s land 3 = 0 && not (is_empty q) then tail (tail q) else q in
    spin (n - 1) (next s) q ((acc + head 1 q) land 0xFFFFFF)
let rec sift n s h acc =
  if n = 0 then acc
  else
    let h = insert s h in
    let h = if s land 1 = 0 then drop h else h in
    sift (n - 1) (next s) h (((acc * 3) + least 7 h) land 0xFFFFFF)
let () =
  print_int ((spin 28000 3 empty 0 + sift 8400 5 Nil 0) land 0xFFFFFF);
  print_newline ()
