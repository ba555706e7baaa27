(* Symbolic differentiation and simplification with smart constructors. *)
type expr = Num of int | Var | Add of expr * expr | Mul of expr * expr | Pow of expr * int
let num n = Num n
let is_zero e = match e with Num 0 -> true | _ -> false
let is_one e = match e with Num 1 -> true | _ -> false
let add a b = if is_zero a then b else if is_zero b then a else match (a, b) with Num x, Num y -> num (x + y) | _ -> Add (a, b)
let mul a b =
  if is_zero a || is_zero b then num 0 else if is_one a then b else if is_one b then a
  else match (a, b) with Num x, Num y -> num (x * y) | _ -> Mul (a, b)
let pow e n = if n = 0 then num 1 else if n = 1 then e else Pow (e, n)
let rec derive e =
  match e with
  | Num _ -> num 0
  | Var -> num 1
  | Add (a, b) -> add (derive a) (derive b)
  | Mul (a, b) -> add (mul (derive a) b) (mul a (derive b))
  | Pow (a, n) -> mul (mul (num n) (pow a (n - 1))) (derive a)
let rec power x n = if n = 0 then 1 else (x * power x (n - 1)) land 0xFFFFF
let rec eval x e =
  match e with
  | Num n -> n
  | Var -> x
  | Add (a, b) -> (eval x a + eval x b) land 0xFFFFF
  | Mul (a, b) -> (eval x a * eval x b) land 0xFFFFF
  | Pow (a, n) -> power (eval x a) n
let rec build n = if n = 0 then Var else add (mul (num n) (pow Var (n land 3))) (mul (build (n - 1)) (add Var (num n)))
let () =
  let total = ref 0 in
  for i = 1 to 100 do
    let e = derive (derive (build (i land 7))) in
    for x = 1 to 6 do total := (!total + eval (x + i) e) land 0xFFFFFF done
  done;
  print_int !total; print_newline ()
