(* A state monad with a counter and a log: bind and return everywhere. *)
type state = { count : int; log : int }
let return v s = (v, s)
let bind m f s = match m s with v, s2 -> f v s2
let tick s = (s.count, { s with count = s.count + 1 })
let note k s = ((), { s with log = ((s.log * 5) + k) land 0xFFFFFF })
let ( >>= ) m f = bind m f
let rec times n m = if n = 0 then return () else m >>= fun () -> times (n - 1) m
let rec fib n =
  if n < 2 then tick >>= fun _ -> return n
  else fib (n - 1) >>= fun a -> fib (n - 2) >>= fun b -> note (a + b) >>= fun () -> return (a + b)
let run m = match m { count = 0; log = 1 } with _, s -> (s.count * 7) + s.log
let () =
  let body = fib 9 >>= fun v -> note v in
  print_int (run (times 180 body)); print_newline ()
