(* Parser combinators over a string: sums and products with brackets, many times. *)
type 'a result = Fail | Ok of 'a * int
let text = "(1+2)*(3+4*5)+6*(7+8*(9+1))+2*(3+4)"
let length = String.length text
let succeed v pos = Ok (v, pos)
let bind p f pos = match p pos with Fail -> Fail | Ok (v, next) -> f v next
let map f p = bind p (fun v -> succeed (f v))
let either p q pos = match p pos with Fail -> q pos | Ok (v, next) -> Ok (v, next)
let satisfy test pos = if pos < length && test text.[pos] then Ok (text.[pos], pos + 1) else Fail
let char c = satisfy (fun d -> Char.code d = Char.code c)
let digit = satisfy (fun c -> Char.code c >= 48 && Char.code c <= 57)
let rec many_with p f acc pos = match p pos with Fail -> Ok (acc, pos) | Ok (v, next) -> many_with p f (f acc v) next
let number pos = bind digit (fun d -> many_with digit (fun acc c -> (acc * 10) + Char.code c - 48) (Char.code d - 48)) pos
let right p q = bind p (fun _ -> q)
let rec expr pos = bind term (fun first -> many_with (right (char '+') term) (fun a b -> a + b) first) pos
and term pos = bind factor (fun first -> many_with (right (char '*') factor) (fun a b -> a * b land 0xFFFF) first) pos
and factor pos =
  either number (right (char '(') (bind expr (fun v -> map (fun _ -> v) (char ')')))) pos
let () =
  let total = ref 0 in
  for i = 1 to 360 do
    match expr 0 with Fail -> () | Ok (v, pos) -> total := (!total + (v * i) + pos) land 0xFFFFFF
  done;
  print_int !total; print_newline ()
