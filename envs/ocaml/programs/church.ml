(* Church numerals and booleans: nothing but calls of unknown functions until they are inlined. *)
let zero _f x = x
let one f x = f x
let succ_ n f x = f (n f x)
let plus m n f x = m f (n f x)
let times m n f x = m (n f) x
let two f x = succ_ one f x
let three f x = succ_ two f x
let six f x = times two three f x
let ten f x = plus six (plus three one) f x
let hundred f x = times ten ten f x
let incr_ k x = (x + k) land 0xFFFFFF
let to_int n = n (incr_ 1) 0
let yes a _b = a
let no _a b = b
let choose c a b = c a b
let () =
  let total = ref (to_int zero) in
  for i = 1 to 1000 do
    let step = if i land 1 = 0 then incr_ i else incr_ (2 * i) in
    total := choose (if i mod 3 = 0 then yes else no) (hundred step !total) (six step !total)
  done;
  print_int (!total + to_int hundred); print_newline ()
