(* Documents laid out within a width: a small pretty-printer that only counts. *)
type doc = Empty | Text of int | Line | Concat of doc * doc | Nest of int * doc | Group of doc
type mode = Flat | Break
let text n = Text n
let concat a b = match (a, b) with Empty, d -> d | d, Empty -> d | _ -> Concat (a, b)
let nest k d = match d with Empty -> Empty | _ -> Nest (k, d)
let group d = match d with Group _ -> d | _ -> Group d
let rec fits w items =
  if w < 0 then false
  else
    match items with
    | [] -> true
    | (_, _, Empty) :: rest -> fits w rest
    | (_, _, Text n) :: rest -> fits (w - n) rest
    | (_, Flat, Line) :: rest -> fits (w - 1) rest
    | (_, Break, Line) :: _ -> true
    | (i, m, Concat (a, b)) :: rest -> fits w ((i, m, a) :: (i, m, b) :: rest)
    | (i, m, Nest (k, d)) :: rest -> fits w ((i + k, m, d) :: rest)
    | (i, _, Group d) :: rest -> fits w ((i, Flat, d) :: rest)
let emit acc n = ((acc * 5) + n) land 0xFFFFFF
let rec render w col acc items =
  match items with
  | [] -> acc
  | (_, _, Empty) :: rest -> render w col acc rest
  | (_, _, Text n) :: rest -> render w (col + n) (emit acc n) rest
  | (_, Flat, Line) :: rest -> render w (col + 1) (emit acc 1) rest
  | (i, Break, Line) :: rest -> render w i (emit acc (100 + i)) rest
  | (i, m, Concat (a, b)) :: rest -> render w col acc ((i, m, a) :: (i, m, b) :: rest)
  | (i, m, Nest (k, d)) :: rest -> render w col acc ((i + k, m, d) :: rest)
  | (i, _, Group d) :: rest ->
    let m = if fits (w - col) [ (i, Flat, d) ] then Flat else Break in
    render w col acc ((i, m, d) :: rest)
let rec build n = if n <= 0 then text 2 else group (concat (text n) (nest 2 (concat Line (concat (build (n - 1)) (concat Line (build (n - 2)))))))
let () =
  let total = ref 0 in
  for w = 4 to 44 do total := emit !total (render (w * 4) 0 0 [ (0, Break, build 8) ]) done;
  print_int !total; print_newline ()
