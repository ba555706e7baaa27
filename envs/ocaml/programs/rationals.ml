(* Exact rationals in lowest terms: continued fractions and partial sums. *)
type rational = { num : int; den : int }
let rec gcd a b = if b = 0 then a else gcd b (a mod b)
let absolute x = if x < 0 then -x else x
let make n d =
  let g = gcd (absolute n) (absolute d) in
  let s = if d < 0 then -1 else 1 in
  { num = s * n / g; den = s * d / g }
let of_int n = { num = n; den = 1 }
let add a b = make ((a.num * b.den) + (b.num * a.den)) (a.den * b.den)
let mul a b = make (a.num * b.num) (a.den * b.den)
let inverse a = make a.den a.num
let less a b = a.num * b.den < b.num * a.den
let larger a b = if less a b then b else a
let rec continued n = if n = 0 then of_int 1 else add (of_int n) (inverse (continued (n - 1)))
let rec sum i n acc = if i > n then acc else sum (i + 1) n (add acc (make 1 (i * (i + 1))))
let () =
  let best = ref (of_int 0) in
  let total = ref 0 in
  for i = 1 to 600 do
    let c = continued (1 + (i land 7)) in
    let s = sum 1 (10 + (i land 15)) (of_int 0) in
    best := larger !best (mul c s);
    total := (!total + c.num + s.den) land 0xFFFFFF
  done;
  print_int (!total + !best.num + !best.den); print_newline ()
