(* Map, filter and fold over lists through small combinators. *)
let compose f g x = f (g x)
let twice f x = f (f x)
let rec map f = function [] -> [] | x :: rest -> let y = f x in y :: map f rest
let rec filter p = function [] -> [] | x :: rest -> if p x then x :: filter p rest else filter p rest
let rec fold f acc = function [] -> acc | x :: rest -> fold f (f acc x) rest
let rec range a b = if a >= b then [] else a :: range (a + 1) b
let add a b = a + b
let scale k x = k * x
let shift k x = k + x
let even x = x land 1 = 0
let small x = x < 100000
let both p q x = p x && q x
let stage x = compose (shift 3) (scale 5) x
let run n =
  let items = range 0 n in
  let mapped = map (compose stage (twice (shift 7))) items in
  let kept = filter (both even small) mapped in
  fold add 0 kept
let () =
  let total = ref 0 in
  for i = 1 to 60 do total := (!total + run (i * 10)) land 0xFFFFFF done;
  print_int !total; print_newline ()
