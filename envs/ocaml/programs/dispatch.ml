(* Shapes as records of methods in one array, and the same as a variant: objects without a class. *)
type shape = { area : int -> int; grow : int -> int; kind : int }
let clamp x = if x > 1000 then 1000 else x
let rectangle w h = { area = (fun k -> w * h * k); grow = (fun k -> clamp (w + k)); kind = 0 }
let disc r = { area = (fun k -> 3 * r * r * k); grow = (fun k -> clamp (r * k)); kind = 1 }
let border s t = { area = (fun k -> s.area k + t); grow = s.grow; kind = s.kind + 2 }
let area s k = s.area k land 0xFFFFFF
let grow s k = s.grow k
type plain = Rect of int * int | Disc of int
let plain_area p k = match p with Rect (w, h) -> w * h * k | Disc r -> 3 * r * r * k
let select i = if i mod 3 = 0 then rectangle i (i + 1) else if i mod 3 = 1 then disc i else border (disc i) i
let select_plain i = if i land 1 = 0 then Rect (i, i + 2) else Disc i
let total f n = let acc = ref 0 in for i = 0 to n - 1 do acc := ((!acc * 3) + f i) land 0xFFFFFF done; !acc
let () =
  let shapes = Array.make 30 (rectangle 1 1) in
  for i = 0 to 29 do shapes.(i) <- select i done;
  let sum = ref 0 in
  for k = 1 to 900 do
    sum := (!sum + total (fun i -> area shapes.(i) k + grow shapes.(i) k) 30) land 0xFFFFFF;
    sum := (!sum + total (fun i -> plain_area (select_plain i) k) 30) land 0xFFFFFF
  done;
  print_int !sum; print_newline ()
