(* Matrix products and transposes through accessor functions: arithmetic, small gains. *)
type matrix = { rows : int; cols : int; data : float array }
let make rows cols = { rows = rows; cols = cols; data = Array.make (rows * cols) 0.0 }
let index m i j = (i * m.cols) + j
let get m i j = m.data.(index m i j)
let set m i j v = m.data.(index m i j) <- v
let init m f = for i = 0 to m.rows - 1 do for j = 0 to m.cols - 1 do set m i j (f i j) done done
let mul a b =
  let c = make a.rows b.cols in
  for i = 0 to a.rows - 1 do
    for j = 0 to b.cols - 1 do
      let acc = ref 0.0 in
      for k = 0 to a.cols - 1 do acc := !acc +. (get a i k *. get b k j) done;
      set c i j !acc
    done
  done;
  c
let transpose a = let t = make a.cols a.rows in init t (fun i j -> get a j i); t
let trace a = let acc = ref 0.0 in for i = 0 to a.rows - 1 do acc := !acc +. get a i i done; !acc
let () =
  let a = make 30 30 in
  init a (fun i j -> float_of_int (((i * 3) + j) mod 7) /. 7.0);
  let b = mul (transpose a) (mul a a) in
  print_int (int_of_float (trace b *. 100.0));
  print_newline ()
