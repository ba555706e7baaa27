(* Insertion sort, quicksort and heap sort of arrays, each over a comparison that is passed. *)
let swap a i j = let t = a.(i) in a.(i) <- a.(j); a.(j) <- t
let ascending (x : int) y = x < y
let descending (x : int) y = x > y
let by_digit (x : int) y = let a = x land 15 in let b = y land 15 in if a = b then x < y else a < b
let insertion less a =
  for i = 1 to Array.length a - 1 do
    let j = ref i in
    while !j > 0 && less a.(!j) a.(!j - 1) do swap a !j (!j - 1); j := !j - 1 done
  done
let partition less a lo hi =
  let pivot = a.(hi) in
  let at = ref lo in
  for i = lo to hi - 1 do if less a.(i) pivot then begin swap a i !at; at := !at + 1 end done;
  swap a !at hi;
  !at
let rec quick less a lo hi =
  if lo < hi then begin
    let p = partition less a lo hi in
    quick less a lo (p - 1);
    quick less a (p + 1) hi
  end
let left i = (2 * i) + 1
let rec sift less a i n =
  let l = left i in
  if l < n then begin
    let child = if l + 1 < n && less a.(l) a.(l + 1) then l + 1 else l in
    if less a.(i) a.(child) then begin swap a i child; sift less a child n end
  end
let heap less a =
  let n = Array.length a in
  for i = n / 2 downto 0 do sift less a i n done;
  for last = n - 1 downto 1 do swap a 0 last; sift less a 0 last done
let fill n seed =
  let a = Array.make n 0 in
  let s = ref seed in
  for i = 0 to n - 1 do s := ((!s * 1103) + 12345) land 0xFFFF; a.(i) <- !s done;
  a
let digest a = let acc = ref 0 in for i = 0 to Array.length a - 1 do acc := ((!acc * 5) + a.(i)) land 0xFFFFFF done; !acc
let () =
  let a = fill 90 1 in insertion ascending a;
  let b = fill 600 2 in quick by_digit b 0 599;
  let c = fill 600 3 in heap descending c;
  print_int ((digest a + (3 * digest b) + (7 * digest c)) land 0xFFFFFF);
  print_newline ()
