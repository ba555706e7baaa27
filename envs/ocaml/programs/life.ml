(* Cellular automaton on a torus, cells behind accessors. *)
type board = { width : int; height : int; cells : int array }
let make w h = { width = w; height = h; cells = Array.make (w * h) 0 }
let wrap x n = if x < 0 then x + n else if x >= n then x - n else x
let at b x y = (wrap y b.height * b.width) + wrap x b.width
let get b x y = b.cells.(at b x y)
let set b x y v = b.cells.(at b x y) <- v
let around b x y =
  get b (x - 1) (y - 1) + get b x (y - 1) + get b (x + 1) (y - 1) + get b (x - 1) y + get b (x + 1) y
  + get b (x - 1) (y + 1) + get b x (y + 1) + get b (x + 1) (y + 1)
let rule alive n = if n = 3 then 1 else if n = 2 then alive else 0
let iterate b f = for y = 0 to b.height - 1 do for x = 0 to b.width - 1 do f x y done done
let generation a b = iterate a (fun x y -> set b x y (rule (get a x y) (around a x y)))
let population b = let n = ref 0 in iterate b (fun x y -> n := ((!n * 3) + get b x y) land 0xFFFFFF); !n
let () =
  let a = make 20 20 in
  let b = make 20 20 in
  let s = ref 7 in
  iterate a (fun x y -> s := ((!s * 1103) + 12345) land 0xFFFF; set a x y ((!s lsr 7) land 1));
  for _i = 1 to 6 do generation a b; generation b a done;
  print_int (population a); print_newline ()
