(* What the language has beyond functions: functors, signatures, labels, defaults, objects, exceptions, polymorphism. *)
module type ORDER = sig
  type t

  val compare : t -> t -> int
end

module Sorted (Order : ORDER) = struct
  let before a b = Order.compare a b < 0

  let rec insert x = function
    | [] -> [ x ]
    | y :: rest when before y x -> y :: insert x rest
    | rest -> x :: rest

  let sort values = List.fold_left (fun sorted x -> insert x sorted) [] values
end

module Ints = Sorted (struct
  type t = int

  let compare (a : int) b = compare a b
end)

module Hidden : sig
  val twice : ('a -> 'a) -> 'a -> 'a
end = struct
  let once f x = f x
  let twice f x = once f (once f x)
end

let weigh ?(scale = 2) ~offset x = (scale * x) + offset
let[@inline] small x = x lor 1
let[@inline never] kept x = x lxor 3
let pair : 'a 'b. 'a -> 'b -> 'a * 'b = fun a b -> (a, b)
let swap (a, b) = pair b a
let apply (type a) (f : a -> a) (x : a) = f x

exception Found of int

let find test values =
  let check x = if test x then raise (Found x) in
  try
    List.iter check values;
    -1
  with Found x -> x

class counter start =
  object
    val mutable count = start
    method step by = count <- count + kept by
    method total = small count
  end

let describe = function 0 -> "none" | n when n < 10 -> "few" | _ -> "many"
let rec nested n = let module Local = struct let up x = small (x + n) let both x = up (up x) end in
  if n > 3 then Local.both n else nested (Local.up (n + 1))

let () =
  let values = [ 5; 3; 9; 1 ] in
  let tally = new counter 1 in
  List.iter (fun x -> tally#step (weigh ~offset:x (apply small x))) values;
  let sorted = Ints.sort values in
  let a, b = swap (find (fun x -> x > 4) sorted, Hidden.twice kept 7) in
  let open Ints in
  Printf.printf "%d %d %d %s %d\n" a (b + List.length (insert 2 sorted)) tally#total (describe (a + b)) (nested 0);
  assert ((kept [@inlined]) (small 2) <> weigh ~scale:1 ~offset:0 9)
