(* Binary decision diagrams with a unique table in arrays: the n-queens-like constraint of a small board. *)
type bdd = Zero | One | Node of int * int * bdd * bdd
let id b = match b with Zero -> 0 | One -> 1 | Node (i, _, _, _) -> i
let level b = match b with Node (_, v, _, _) -> v | Zero -> max_int | One -> max_int
let size = 4096
let table = Array.make size []
let fresh = ref 2
let hash v l h = ((v * 7919) + (l * 131) + (h * 17)) land (size - 1)
let rec find v l h = function
  | [] -> None
  | (Node (_, w, a, b) as n) :: rest -> if w = v && id a = id l && id b = id h then Some n else find v l h rest
  | Zero :: rest -> find v l h rest
  | One :: rest -> find v l h rest
let make v l h =
  if id l = id h then l
  else
    let slot = hash v (id l) (id h) in
    match find v l h table.(slot) with
    | Some n -> n
    | None ->
      let n = Node (!fresh, v, l, h) in
      fresh := !fresh + 1;
      table.(slot) <- n :: table.(slot);
      n
let low v b = match b with Node (_, w, l, _) -> if w = v then l else b | Zero -> b | One -> b
let high v b = match b with Node (_, w, _, h) -> if w = v then h else b | Zero -> b | One -> b
let lower (x : int) y = if x < y then x else y
let rec conj a b =
  match (a, b) with
  | Zero, _ -> Zero
  | _, Zero -> Zero
  | One, _ -> b
  | _, One -> a
  | _ -> let v = lower (level a) (level b) in let h = conj (high v a) (high v b) in make v (conj (low v a) (low v b)) h
let rec negate b = match b with Zero -> One | One -> Zero | Node (_, v, l, h) -> let nh = negate h in make v (negate l) nh
let disj a b = negate (conj (negate a) (negate b))
let var v = make v Zero One
let differ a b = disj (conj a (negate b)) (conj (negate a) b)
let rec count b n = match b with Zero -> 0 | One -> n | Node (_, _, l, h) -> (count l (n / 2)) + (count h (n / 2))
let board k =
  let all = ref One in
  for i = 0 to 8 do
    all := conj !all (disj (differ (var i) (var (i + 1))) (var ((i * k) mod 10)))
  done;
  for i = 0 to 7 do all := conj !all (disj (negate (var i)) (disj (var (i + 1)) (var (i + 2)))) done;
  count !all 1024
let () =
  let total = ref 0 in
  for k = 1 to 30 do total := ((!total * 3) + board k) land 0xFFFFFF done;
  print_int ((!total * 1000) + (!fresh mod 1000));
  print_newline ()
