(* Lambda terms with de Bruijn indices, closures and an abstract machine. *)
type term = Index of int | Lambda of term | Apply of term * term | Const of int | Succ of term
type value = Number of int | Closure of term * env
and env = Nil | Cons of value * env
let rec nth env n = match env with Nil -> Number 0 | Cons (v, rest) -> if n = 0 then v else nth rest (n - 1)
let extend env v = Cons (v, env)
let number v = match v with Number n -> n | Closure _ -> 0
let rec eval env t =
  match t with
  | Const n -> Number n
  | Succ u -> Number ((number (eval env u) + 1) land 0xFFFFFF)
  | Index n -> nth env n
  | Lambda body -> Closure (body, env)
  | Apply (f, x) -> let v = eval env x in call (eval env f) v
and call f v = match f with Closure (body, env) -> eval (extend env v) body | Number n -> Number n
let lambda t = Lambda t
let apply f x = Apply (f, x)
let rec chain n = if n = 0 then Index 0 else apply (Index 1) (chain (n - 1))
let church n = lambda (lambda (chain n))
let plus_one = lambda (Succ (Index 0))
let compose = lambda (lambda (lambda (apply (Index 2) (apply (Index 1) (Index 0)))))
let () =
  let total = ref 0 in
  for i = 1 to 100 do
    let t = apply (apply (church i) (apply (apply compose plus_one) (apply (church 3) plus_one))) (Const i) in
    total := (!total + number (eval Nil t)) land 0xFFFFFF
  done;
  print_int !total; print_newline ()
