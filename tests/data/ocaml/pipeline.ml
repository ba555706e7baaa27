(* Higher-order functions, partial and over-application, aliases and operators. *)
let compose f g x = f (g x)
let add x y = x + y
let scale k x = k * x
let increment = add 1
let both f x y = f x + f y
let choose flag = if flag then add else scale
let ( +| ) x y = (x + y) land 0xffff

let rec fold f state = function
  | [] -> state
  | x :: rest -> fold f (f state x) rest

let rec upto low high = if low > high then [] else low :: upto (low + 1) high

let () =
  let numbers = upto 1 300 in
  let step = compose increment (scale 3) in
  let sum = fold (fun state x -> state +| step x) 0 numbers in
  let chosen = choose (sum > 10) sum 3 in
  let piped = chosen |> add 2 |> increment in
  let applied = increment @@ scale 2 @@ piped in
  print_int (both (fun x -> x - 1) sum applied);
  print_newline ()
