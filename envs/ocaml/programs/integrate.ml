(* Adaptive integration and root finding of functions that are passed. *)
let square x = x *. x
let bell x = 1.0 /. (1.0 +. square x)
let wave x = sin (3.0 *. x) +. (0.5 *. x)
let combine f g x = f x +. g x
let scaled k f x = k *. f x
let derivative f x = (f (x +. 0.001) -. f (x -. 0.001)) /. 0.002
let trapezoid f a b = (b -. a) *. (f a +. f b) /. 2.0
let rec adaptive f a b depth =
  let m = (a +. b) /. 2.0 in
  let whole = trapezoid f a b in
  let halves = trapezoid f a m +. trapezoid f m b in
  if depth = 0 || abs_float (whole -. halves) < 0.00001 then halves
  else let right = adaptive f m b (depth - 1) in adaptive f a m (depth - 1) +. right
let rec newton f x n = if n = 0 then x else newton f (x -. (f x /. derivative f x)) (n - 1)
let () =
  let f = combine bell (scaled 0.25 wave) in
  let area = ref 0.0 in
  for i = 1 to 18 do area := !area +. adaptive f 0.0 (float_of_int i) 9 done;
  let root = newton (combine (scaled 2.0 wave) (fun x -> x -. 1.5)) 0.4 30 in
  print_int (int_of_float ((!area +. root) *. 10000.0)); print_newline ()
