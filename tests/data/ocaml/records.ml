(* A record of functions, as a functor would pass it, and small accessors. *)
type order = { compare : int -> int -> int; default : int }
type point = { x : float; y : float }

let ascending = { compare = (fun a b -> a - b); default = 0 }
let descending = { compare = (fun a b -> b - a); default = max_int }
let get_x p = p.x
let get_y p = p.y
let norm p = (get_x p *. get_x p) +. (get_y p *. get_y p)
let less order a b = order.compare a b < 0

let best order values =
  let found = ref order.default in
  for i = 0 to Array.length values - 1 do
    if i = 0 || less order values.(i) !found then found := values.(i)
  done;
  !found

let () =
  let values = Array.init 200 (fun i -> (i * 7919) mod 263) in
  let total = ref 0.0 in
  Array.iter (fun v -> total := !total +. norm { x = float_of_int v; y = 0.5 }) values;
  Printf.printf "%d %d %.3f\n" (best ascending values) (best descending values) !total
