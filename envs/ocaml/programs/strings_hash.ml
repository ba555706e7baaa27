(* Hashing and counting words of a text with an open hash table. *)
let text = "the quick brown fox jumps over the lazy dog and the dog barks at the quick fox while the lazy cat sleeps"
let is_letter c = let k = Char.code c in k >= 97 && k <= 122
let mix h c = ((h * 31) + Char.code c) land 0xFFFF
let size = 256
let keys = Array.make size (-1)
let counts = Array.make size 0
let slot h = h land (size - 1)
let rec probe h at = if keys.(at) = h || keys.(at) < 0 then at else probe h (slot (at + 1))
let count h = let at = probe h (slot h) in keys.(at) <- h; counts.(at) <- counts.(at) + 1
let rec scan i h inside =
  if i >= String.length text then begin if inside then count h end
  else if is_letter text.[i] then scan (i + 1) (mix h text.[i]) true
  else begin if inside then count h; scan (i + 1) 0 false end
let fold f acc = let r = ref acc in for i = 0 to size - 1 do r := f !r keys.(i) counts.(i) done; !r
let () =
  for _i = 1 to 600 do scan 0 0 false done;
  print_int (fold (fun acc k c -> if k < 0 then acc else (acc + (k * c)) land 0xFFFFFF) 0); print_newline ()
