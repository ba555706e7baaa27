(* Recursive and mutually recursive functions, functions inside functions, and names that are used again. *)
let rec power base n = if n = 0 then 1 else base * power base (n - 1) land 0xfffff

let rec even n = if n = 0 then true else odd (n - 1)
and odd n = if n = 0 then false else even (n - 1)

let f x = x + 1
let f x = f (f x) * 2

let sum_to n =
  let square x = x * x in
  let rec loop i total = if i > n then total else loop (i + 1) (total + square i) in
  loop 0 0

let describe n =
  let sign x = if x < 0 then -1 else 1 in
  let weigh x = sign x * f x in
  weigh n + weigh (-n)

let guarded n = try if n > 90 then raise Exit else power 3 n with Exit -> f n

let () =
  let total = ref 0 in
  for i = 0 to 99 do
    total := (!total + guarded i + describe i) land 0xffffff;
    if even i then total := !total + sum_to (i / 10)
  done;
  print_int !total;
  print_newline ()
