(* A stack machine interpreted: dispatch through small helpers over an instruction array. *)
type op = Push of int | Add | Sub | Mul | Dup | Swap | Jump of int | Branch of int | Store of int | Load of int | Halt
type machine = { stack : int array; mutable top : int; cells : int array; mutable pc : int }
let push m v = m.stack.(m.top) <- v; m.top <- m.top + 1
let pop m = m.top <- m.top - 1; m.stack.(m.top)
let advance m = m.pc <- m.pc + 1
let binary m f = let b = pop m in let a = pop m in push m (f a b land 0xFFFFFF); advance m
let step m op =
  match op with
  | Push v -> push m v; advance m; true
  | Add -> binary m (fun a b -> a + b); true
  | Sub -> binary m (fun a b -> a - b); true
  | Mul -> binary m (fun a b -> a * b); true
  | Dup -> let v = pop m in push m v; push m v; advance m; true
  | Swap -> let b = pop m in let a = pop m in push m b; push m a; advance m; true
  | Jump target -> m.pc <- target; true
  | Branch target -> if pop m = 0 then advance m else m.pc <- target; true
  | Store at -> m.cells.(at) <- pop m; advance m; true
  | Load at -> push m m.cells.(at); advance m; true
  | Halt -> false
let rec run m code = if step m code.(m.pc) then run m code
let code =
  [| Push 3000; Store 0; Push 1; Store 1; Load 1; Push 3; Mul; Load 0; Add; Store 1; Load 0; Push 1; Sub; Dup; Store 0;
     Branch 4; Load 1; Halt |]
let () =
  let m = { stack = Array.make 16 0; top = 0; cells = Array.make 4 0; pc = 0 } in
  run m code;
  print_int (pop m); print_newline ()
