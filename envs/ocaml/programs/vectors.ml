(* Small float vectors as records behind accessors: boxes that vanish where the calls are inlined. *)
type vec = { x : float; y : float; z : float }
let make x y z = { x = x; y = y; z = z }
let add a b = make (a.x +. b.x) (a.y +. b.y) (a.z +. b.z)
let sub a b = make (a.x -. b.x) (a.y -. b.y) (a.z -. b.z)
let scale k a = make (k *. a.x) (k *. a.y) (k *. a.z)
let dot a b = (a.x *. b.x) +. (a.y *. b.y) +. (a.z *. b.z)
let cross a b = make ((a.y *. b.z) -. (a.z *. b.y)) ((a.z *. b.x) -. (a.x *. b.z)) ((a.x *. b.y) -. (a.y *. b.x))
let norm2 a = dot a a
let reflect d n = sub d (scale (2.0 *. dot d n) n)
let step p v dt = add p (scale dt v)
let force p = scale (-1.0 /. (1.0 +. norm2 p)) p
let simulate n =
  let p = ref (make 1.0 0.5 0.25) in
  let v = ref (make 0.0 1.0 0.5) in
  for _i = 1 to n do
    v := step !v (force !p) 0.01;
    p := step !p !v 0.01;
    if norm2 !p > 9.0 then v := reflect !v (make 0.0 1.0 0.0)
  done;
  dot (cross !p !v) (make 1.0 2.0 3.0)
let () =
  print_int (int_of_float (simulate 20000 *. 1000.0));
  print_newline ()
