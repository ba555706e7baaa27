(* First-order unification and rewriting in the manner of Knuth and Bendix. *)
type term = Var of int | App of int * term list
type subst = Empty | Bind of int * term * subst
let rec lookup v = function Empty -> None | Bind (w, t, rest) -> if v = w then Some t else lookup v rest
let rec for_all2 f a b = match (a, b) with [], [] -> true | x :: xs, y :: ys -> f x y && for_all2 f xs ys | _ -> false
let rec equal a b =
  match (a, b) with
  | Var v, Var w -> v = w
  | App (f, xs), App (g, ys) -> f = g && for_all2 equal xs ys
  | _ -> false
let rec map f = function [] -> [] | x :: rest -> let y = f x in y :: map f rest
let rec apply s t =
  match t with
  | Var v -> (match lookup v s with None -> t | Some u -> u)
  | App (f, args) -> App (f, map (apply s) args)
let rec matching s pattern t =
  match (pattern, t) with
  | Var v, _ -> (match lookup v s with None -> Some (Bind (v, t, s)) | Some u -> if equal u t then Some s else None)
  | App (f, ps), App (g, ts) -> if f = g then match_all s ps ts else None
  | _ -> None
and match_all s ps ts =
  match (ps, ts) with
  | [], [] -> Some s
  | p :: ps, t :: ts -> (match matching s p t with None -> None | Some s -> match_all s ps ts)
  | _ -> None
let rec rewrite_top rules t =
  match rules with
  | [] -> None
  | (l, r) :: rest -> (match matching Empty l t with None -> rewrite_top rest t | Some s -> Some (apply s r))
let rec normal rules t =
  let t = match t with Var _ -> t | App (f, args) -> App (f, map (normal rules) args) in
  match rewrite_top rules t with None -> t | Some u -> normal rules u
let zero = App (0, [])
let succ_ t = App (1, [ t ])
let plus a b = App (2, [ a; b ])
let times a b = App (3, [ a; b ])
let x = Var 0
let y = Var 1
let rules =
  [ (plus zero x, x); (plus (succ_ x) y, succ_ (plus x y)); (times zero x, zero); (times (succ_ x) y, plus y (times x y)) ]
let rec number n = if n = 0 then zero else succ_ (number (n - 1))
let rec value t = match t with App (1, [ u ]) -> 1 + value u | _ -> 0
let () =
  let total = ref 0 in
  for i = 1 to 11 do total := (!total * 3) + value (normal rules (plus (times (number i) (number 4)) (number i))) done;
  print_int !total; print_newline ()
