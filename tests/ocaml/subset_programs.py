"""Programs that show each construct of the subset and its evaluation order, by printing."""

from __future__ import annotations

PROGRAMS = {
    "order": r"""
let p s v = print_string s; v
let f a b = a + b
let g a = p "G" (fun b -> a + b)
type r = { x : int; mutable y : int; z : int }
let rf = { x = 1; y = 2; z = 3 }
type h = { fn : int -> int; fn2 : int -> int -> int }
let hh = { fn = (fun x -> x); fn2 = (fun x y -> x + y) }
let n () = print_newline ()
let () =
  ignore (f (p "a" 1) (p "b" 2)); n ();
  ignore (g (p "a" 1) (p "b" 2)); n ();
  ignore (p "a" 1, p "b" 2, p "c" 3); n ();
  ignore { z = p "z" 1; x = p "x" 2; y = p "y" 3 }; n ();
  ignore { (p "r" rf) with z = p "z" 1; x = p "x" 2 }; n ();
  let a = [| 1; 2; 3 |] in
  (p "arr" a).(p "idx" 0) <- p "val" 3; n ();
  ignore ((p "arr" a).(p "idx" 0)); n ();
  (p "rec" rf).y <- p "val" 3; n ();
  let r = ref 0 in
  (p "ref" r) := p "val" 4; n ();
  let x = p "x" 1 and y = p "y" 2 in ignore (x + y); n ();
  for i = p "lo" 0 to p "hi" 1 do print_int i done; n ();
  for i = p "hi" 3 downto p "lo" 2 do print_int i done; n ();
  ignore (p "l" 1 + p "r" 2); ignore (p "l" 1 < p "r" 2); ignore (p "l" 1.0 +. p "r" 2.0); n ();
  ignore (p "l" 1 mod p "r" 2); ignore (p "l" 1 / p "r" 2); ignore (p "l" 1 lsl p "r" 2); n ();
  ignore (p "l" 1 :: p "m" 2 :: p "r" []); n ();
  ignore (hh.fn (p "arg" 1)); ignore (hh.fn2 (p "arg" 1) (p "arg2" 2)); n ();
  ignore [| p "a" 1; p "b" 2 |]; ignore [ p "a" 1; p "b" 2 ]; n ();
  ignore (p "l" "1" ^ p "r" "2"); ignore (max (p "l" 1) (p "r" 2)); n ();
  ignore (compare (p "l" "1") (p "r" "")); ignore (compare (p "l" (1, 2)) (p "r" (2, 3))); n ();
  ignore (p "l" 1. ** p "r" 2.); ignore (atan2 (p "l" 1.) (p "r" 2.)); ignore (p "l" 1. /. p "r" 2.); n ();
  ignore (Array.make (p "n" 2) (p "v" 1)); ignore "abc".[p "i" 1]; n ();
  ignore (String.sub (p "s" "abc") (p "i" 1) (p "n" 1)); n ();
  let q = f (p "partial" 1) in ignore (q (p "rest" 2)); n ();
  let b = [| 1; 2 |] in
  ignore (f b.(0) (b.(0) <- 9; 2)); print_int (b.(1) + (b.(1) <- 10; 1)); n ();
  (match 10 with _ when (print_string "guard"; false) -> () | _ -> ()); n ();
  ignore (Some (p "some" 1)); n ()
let counter = ref 0
let next () = incr counter; !counter
let () =
  ignore (f (next ()) (next ())); print_int (next () * 10 + next ()); n ();
  let c = ref 5 in
  let bump () = c := !c + 1; !c in
  print_int (bump () + !c); print_char ' '; print_int (!c + bump ()); n ();
  print_int (f (bump ()) !c); print_char ' '; print_int (f !c (bump ())); n ()
""",
    "numbers": r"""
let line s = print_endline s
let i n = print_int n; print_char ' '
let fl x = print_float x; print_char ' '

let big = 4611686018427387903
let small = -4611686018427387904
let () =
  i (big + 1); i (small - 1); i (big * 2); i (big * big); i (-small); i (small / -1); i (small mod -1); line "";
  i (abs small); i (7 / 2); i (-7 / 2); i (7 / -2); i (-7 mod 2); i (7 mod -2); i (-7 mod 4); line "";
  let d = -3 in i (7 / d); i (-7 / d); i (7 mod d); i (-7 mod d); line "";
  i (1 lsl 62); i (1 lsl 61); i (3 lsl 62); i (-1 lsr 1); i (-1 lsr 62); i (-8 asr 1); i (-1 asr 62); line "";
  i (0xff land 0b1010); i (12 lor 3); i (12 lxor 10); i (lnot 5); i (succ 1); i (pred 1); i (0o17); line "";
  i 0x7fffffffffffffff; i 1_000_000; line "";
  i (int_of_float 3.99); i (int_of_float (-3.99)); i (truncate 1e18); i (int_of_float 1e19); i (int_of_float nan);
  i (int_of_float 5e18); line "";
  fl 1.0; fl 0.1; fl 1e22; fl 123456789012345.; fl (-0.0); fl 1.5e-7; fl 100000.; fl 1e15; fl 1e100; line "";
  fl infinity; fl neg_infinity; fl nan; fl (1. /. 0.); fl (-1. /. 0.); fl (1e300 *. 1e10); line "";
  fl max_float; fl min_float; fl epsilon_float; line "";
  fl (sqrt 2.); fl (exp 1.); fl (log 10.); fl (sin 1.); fl (cos 1.); fl (tan 1.); fl (atan 1.); line "";
  fl (atan2 1. (-2.)); fl (2. ** 0.5); fl (mod_float 7.5 (-2.)); fl (floor (-1.5)); fl (ceil (-0.5)); line "";
  fl (abs_float (-2.5)); fl (float_of_int 3 /. 7.); fl (float 12 -. 0.5); fl (-.(1.5)); fl (~-.2.); line "";
  fl (exp 1000.); fl (log 0.); fl (2. ** 5000.); fl ((-2.) ** 3.); fl (0. ** -1.); line "";
  line (string_of_int (-5)); line (string_of_float 2.5); line (string_of_bool (3 > 2)); line "tab\tquote\"\\ \065\x42";
  i (compare 1 2); i (compare 2. 1.); i (compare nan 1.); i (compare 1. nan); i (compare nan nan);
  i (compare "a" "b"); i (compare "ab" "a"); i (compare true false); i (compare 'a' 'b'); line "";
  line (string_of_bool (nan = nan)); line (string_of_bool (nan < 1.)); line (string_of_bool (nan <> nan));
  fl (min nan 1.); fl (min 1. nan); fl (max 1. nan); fl (max nan 1.); i (min 1 2); i (max 1 2); line (min "b" "a");
  i (Char.code 'a'); print_char (Char.chr 98); i (int_of_char '\n'); print_char (char_of_int 99); print_newline ();
  i (String.length "hello"); print_char "hello".[1]; print_string (String.sub "hello" 1 3);
  print_string (String.make 3 'x'); print_string ("a" ^ "b"); print_newline ();
  i max_int; i min_int; i (if 1 < 2 && 3 >= 3 then 1 else 0); i (if not (1 = 1) || 'a' <= 'b' then 1 else 0); line ""
""",
    "structures": r"""
type color = Red | Green | Blue
type 'a tree = Leaf | Node of 'a tree * 'a * 'a tree
type point = { x : float; y : float }
type account = { name : string; mutable balance : int }
type expr = Num of int | Add of expr * expr | Mul of expr * expr | Neg of expr | Var of string
type pair = Pair of (int * int)
type tree_of = Tree of int * forest and forest = Empty | Trees of tree_of * forest
type ('k, 'v) map = Bind of 'k * 'v * ('k, 'v) map | End
type mixed = First of int | Second | Third of int | Fourth
let b v = print_string (string_of_bool v); print_char ' '
let rec insert x t = match t with
  | Leaf -> Node (Leaf, x, Leaf)
  | Node (l, y, r) when x < y -> Node (insert x l, y, r)
  | Node (l, y, r) when x > y -> Node (l, y, insert x r)
  | Node _ as n -> n
let rec walk f = function Leaf -> () | Node (l, x, r) -> walk f l; f x; walk f r
let rec eval env e = match e with
  | Num n -> n
  | Add (Num 0, e) | Add (e, Num 0) -> eval env e
  | Add (a, b) -> eval env a + eval env b
  | Mul (Num 0, _) | Mul (_, Num 0) -> 0
  | Mul (a, b) -> eval env a * eval env b
  | Neg (Neg e) -> eval env e
  | Neg e -> - (eval env e)
  | Var v -> (match env with (n, value) :: _ when n = v -> value | _ :: rest -> eval rest (Var v) | [] -> -1)
let name c = match c with Red -> "red" | Green -> "green" | Blue -> "blue"
let rec weight t = match t with Tree (n, f) -> n + weights f
and weights f = match f with Empty -> 0 | Trees (t, rest) -> weight t + weights rest
let rec find k = function End -> None | Bind (k', v, _) when k = k' -> Some v | Bind (_, _, rest) -> find k rest
let swap (a, b) = (b, a)
let norm { x; y } = sqrt (x *. x +. y *. y)
let rec length = function [] -> 0 | _ :: t -> 1 + length t
let rec merge a b = match a, b with
  | [], l | l, [] -> l
  | x :: xs, (y :: _ as ys) when x <= y -> x :: merge xs ys
  | xs, y :: ys -> y :: merge xs ys
let classify n s = match n, s with
  | 0, "zero" -> 'z' | 1, _ -> '1' | _, "many" -> 'm' | -1, _ -> '-' | _ -> '?'
let () =
  walk (fun x -> print_int x; print_char ' ') (insert 2 (insert 3 (insert 1 (insert 2 Leaf)))); print_newline ();
  print_int (eval [("a", 5); ("b", 7)] (Add (Mul (Num 3, Var "b"), Neg (Neg (Add (Num 0, Var "a"))))));
  print_newline ();
  print_string (name Red ^ name Green ^ name Blue); print_newline ();
  let (a, b') = swap (1, "one") in print_string a; print_int b'; print_newline ();
  print_float (norm { x = 3.; y = 4. }); print_newline ();
  let acc = { name = "me"; balance = 10 } in
  acc.balance <- acc.balance - 3;
  let other = { acc with name = "you" } in
  other.balance <- 100;
  print_int acc.balance; print_int other.balance; print_string other.name; print_newline ();
  b (acc == acc); b (acc = { acc with name = "me" }); b (acc == { acc with name = "me" }); b (Red = Red);
  b (Red < Blue); b (Leaf < Node (Leaf, 1, Leaf)); b ([1; 2] < [1; 3]); b ([] < [1]); b ((1, "a") = (1, "a"));
  b (Some 1 > None); b ([| 1; 2 |] < [| 3 |]); b (Num 3 = Num 3); b (Num 5 < Add (Num 1, Num 2)); print_newline ();
  b (First 1 < Second); b (Second < First 1); b (Second < Fourth); b (Third 0 < First 9);
  b (compare Fourth (First 0) < 0);
  print_int (compare [3; 1] [3; 0]); print_int (compare (Some 2.5) (Some nan)); print_newline ();
  print_int (length (merge [1; 4; 6] [2; 3; 7; 8])); print_newline ();
  print_char (classify 0 "zero"); print_char (classify 1 "zero"); print_char (classify 5 "many");
  print_char (classify (-1) ""); print_char (classify 9 ""); print_newline ();
  (match Pair (1, 2) with Pair (a, b) -> print_int (a + b)); (match Pair (1, 2) with Pair p -> print_int (fst p));
  print_int (weight (Tree (1, Trees (Tree (2, Empty), Trees (Tree (3, Empty), Empty)))));
  print_string (match find 2 (Bind (1, "a", Bind (2, "b", End))) with Some v -> v | None -> "none");
  let m = [| [| 1; 2 |]; [| 3; 4 |] |] in
  m.(1).(0) <- 9; print_int (m.(0).(1) + m.(1).(0)); print_int (Array.length m);
  let c = Array.copy m.(1) in c.(0) <- 0; print_int m.(1).(0); print_newline ();
  let o = match Some 3 with Some n when n > 5 -> "big" | Some _ -> "small" | None -> "none" in print_string o;
  (match true, false with true, true -> print_int 1 | false, _ -> print_int 2 | true, false -> print_int 3);
  (match "b" with "a" -> print_int 1 | "b" -> print_int 2 | _ -> print_int 3);
  (match 'x' with 'a' -> print_int 1 | _ -> print_int 4); print_newline ();
  let fs = [| 1.5; 2.5 |] in fs.(0) <- fs.(0) +. fs.(1); print_float fs.(0); print_newline ()
""",
    "functions": r"""
let compose f g x = f (g x)
let add a b = a + b
let twice f x = f (f x)
let ( |> ) x f = f x
let ( +++ ) a b = a * 10 + b
let rec even n = if n = 0 then true else odd (n - 1) and odd n = if n = 0 then false else even (n - 1)
let rec iterate n f x = if n = 0 then x else iterate (n - 1) f (f x)
let rec map f = function [] -> [] | x :: t -> let y = f x in y :: map f t
let rec fold f a = function [] -> a | x :: t -> fold f (f a x) t
let rec sum_cps l k = match l with [] -> k 0 | x :: t -> sum_cps t (fun s -> k (s + x))
let curried a = let b = a * 2 in fun c d -> a + b + c + d
let apply3 f = f 1 2 3
let counter () = let n = ref 0 in fun () -> incr n; !n
let id x = x
let rec range a b = if a >= b then [] else a :: range (a + 1) b
let choose b = if b then add else fun x y -> x - y
module Ops = struct
  type t = { plus : int -> int -> int; zero : int }
  let ints = { plus = (fun a b -> a + b); zero = 0 }
  let scale k = { plus = (fun a b -> k * (a + b)); zero = k }
  module Deep = struct let answer = 42 let f x = x + answer end
end
let total (ops : Ops.t) l = fold ops.Ops.plus ops.Ops.zero l
let pi n = print_int n; print_char ' '
let () =
  pi (compose (add 1) (twice (add 2)) 10); pi (5 |> add 1 |> twice succ); pi (1 +++ 2 +++ 3);
  print_string (string_of_bool (even 100001)); pi (iterate 1000 (fun x -> x + 3) 1);
  pi (sum_cps (range 0 1000) id); pi (curried 1 2 3); let c1 = curried 10 in pi (c1 1 1); let c2 = c1 5 in pi (c2 6);
  pi (apply3 (fun a b c -> a + b * c)); pi (apply3 (fun a -> fun b -> let s = a + b in fun c -> s * c));
  let next = counter () in pi (next ()); pi (next ()); let other = counter () in pi (other ()); pi (next ());
  pi (id id 3); pi (choose true 5 3); pi (choose false 5 3); pi (fold (+) 0 [1; 2; 3]); pi (fold max 0 [1; 9; 3]);
  pi (fold ( * ) 1 (map (( + ) 1) [1; 2; 3])); pi (fst (1, 2)); pi (snd (id (1, 2)));
  pi (total Ops.ints [1; 2; 3]); pi (total (Ops.scale 2) [1; 2]); pi (Ops.Deep.f 1);
  let add3 = (fun a b c -> a + b + c) in let p1 = add3 1 in let p2 = p1 2 in pi (p2 3); pi (p1 5 6);
  let fs = map (fun k -> fun x -> x * k) [1; 2; 3] in pi (fold (fun a f -> f a) 1 fs);
  let rec fact n = if n <= 1 then 1 else n * fact (n - 1) in pi (fact 20); pi (fact 25);
  let rec up n acc = if n = 0 then acc else down (n - 1) (acc + 1)
  and down n acc = if n = 0 then acc else up (n - 1) (acc - 1)
  in pi (up 7 0);
  let x = 1 in let x = x + 1 in let f y = x + y in let x = 100 in pi (f x);
  let handlers = [| (fun x -> x + 1); (fun x -> x * 2) |] in let h = handlers.(1) in pi (h 21);
  let self = ref (fun n -> n) in
  self := (fun n -> if n = 0 then 0 else let f = !self in n + f (n - 1)); let f = !self in pi (f 10);
  let rec outer n = let rec inner m = if m = 0 then n else inner (m - 1) in if n = 0 then 0
    else inner 3 + outer (n - 1) in
  pi (outer 4); print_newline ()
""",
    "loops": r"""
let primes n =
  let sieve = Array.make (n + 1) true in
  let count = ref 0 in
  for i = 2 to n do
    if sieve.(i) then begin
      incr count;
      let j = ref (i * i) in
      while !j <= n do sieve.(!j) <- false; j := !j + i done
    end
  done;
  !count
let collatz n =
  let steps = ref 0 and x = ref n in
  while !x <> 1 do
    (if !x land 1 = 0 then x := !x / 2 else x := 3 * !x + 1);
    incr steps
  done;
  !steps
let matmul a b n =
  let c = Array.make (n * n) 0. in
  for i = 0 to n - 1 do
    for j = 0 to n - 1 do
      let s = ref 0. in
      for k = 0 to n - 1 do s := !s +. a.(i * n + k) *. b.(k * n + j) done;
      c.(i * n + j) <- !s
    done
  done;
  c
let rec loop i acc = if i = 0 then acc else loop (i - 1) (acc + i)
let rec fib n = if n < 2 then n else fib (n - 1) + fib (n - 2)
let rec deep n = if n = 0 then 0 else 1 + deep (n - 1)
let rec ackermann m n =
  if m = 0 then n + 1 else if n = 0 then ackermann (m - 1) 1 else ackermann (m - 1) (ackermann m (n - 1))
let () =
  print_int (primes 1000); print_char ' '; print_int (collatz 97); print_char ' ';
  let m = matmul [| 1.; 2.; 3.; 4. |] [| 0.5; 0.; 0.; 0.5 |] 2 in print_float (m.(0) +. m.(3)); print_char ' ';
  print_int (loop 10000 0); print_char ' '; print_int (fib 15); print_char ' '; print_int (deep 100000); print_char ' ';
  print_int (ackermann 2 9); print_newline ();
  for i = 3 downto 1 do print_int i done; for _i = 1 to 0 do print_int 9 done;
  for i = 1 to 3 do if i <> 2 then print_int i done;
  print_newline ();
  let fs = Array.make 3 (fun x -> x) in
  for i = 0 to 2 do fs.(i) <- (fun x -> x * 10 + i) done;
  let f = fs.(0) and g = fs.(1) and h = fs.(2) in print_int (h (g (f 7))); print_newline ();
  let first = ref true in
  while !first && (print_string "once"; true) do first := false done; print_newline ()
""",
}
