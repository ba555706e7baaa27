(* Interval arithmetic with float pairs: bounds of a polynomial over many boxes. *)
let low i = match i with a, _ -> a
let high i = match i with _, b -> b
let fmin (x : float) y = if x < y then x else y
let fmax (x : float) y = if x > y then x else y
let add p q = (low p +. low q, high p +. high q)
let neg p = (0.0 -. high p, 0.0 -. low p)
let sub p q = add p (neg q)
let mul p q =
  let a = low p *. low q in
  let b = low p *. high q in
  let c = high p *. low q in
  let d = high p *. high q in
  (fmin (fmin a b) (fmin c d), fmax (fmax a b) (fmax c d))
let const x = (x, x)
let width p = high p -. low p
let poly x = sub (mul x (mul x x)) (add (mul (const 2.0) x) (const 1.0))
let halves p = let m = (low p +. high p) /. 2.0 in ((low p, m), (m, high p))
let contains p x = low p <= x && x <= high p
let rec search p depth =
  if depth = 0 || not (contains (poly p) 0.0) then 0
  else if width p < 0.001 then 1
  else match halves p with a, b -> let right = search b (depth - 1) in search a (depth - 1) + right
let () =
  let total = ref 0 in
  for i = 0 to 160 do
    let at = float_of_int i /. 40.0 in
    total := !total + (i + 1) * search (at -. 2.0, at) 13
  done;
  print_int !total; print_newline ()
