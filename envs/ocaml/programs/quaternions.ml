(* Rotations by quaternions, and a numeric kernel that has little to gain. *)
type quat = { w : float; i : float; j : float; k : float }
let quat w i j k = { w = w; i = i; j = j; k = k }
let mul a b =
  quat
    ((a.w *. b.w) -. (a.i *. b.i) -. (a.j *. b.j) -. (a.k *. b.k))
    ((a.w *. b.i) +. (a.i *. b.w) +. (a.j *. b.k) -. (a.k *. b.j))
    ((a.w *. b.j) -. (a.i *. b.k) +. (a.j *. b.w) +. (a.k *. b.i))
    ((a.w *. b.k) +. (a.i *. b.j) -. (a.j *. b.i) +. (a.k *. b.w))
let conj a = quat a.w (-.a.i) (-.a.j) (-.a.k)
let norm a = sqrt ((a.w *. a.w) +. (a.i *. a.i) +. (a.j *. a.j) +. (a.k *. a.k))
let unit_ a = let n = norm a in quat (a.w /. n) (a.i /. n) (a.j /. n) (a.k /. n)
let rotate q v = mul q (mul v (conj q))
let sum a = a.w +. a.i +. a.j +. a.k
let () =
  let q = ref (unit_ (quat 1.0 0.1 0.2 0.3)) in
  let v = ref (quat 0.0 1.0 2.0 3.0) in
  for _n = 1 to 10000 do v := rotate !q !v; q := unit_ (mul !q !q) done;
  print_int (int_of_float (sum !v *. 1000.0)); print_newline ()
