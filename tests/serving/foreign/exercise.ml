(* Does with the OCaml client what its first argument says, at the address that its second says. *)

let name_of : Gymcc.failure -> string = function
  | Bad_argument -> "Bad_argument"
  | No_connection -> "No_connection"
  | Timed_out -> "Timed_out"
  | Broken -> "Broken"
  | Refused -> "Refused"
  | Bad_answer -> "Bad_answer"

let guarded work =
  try work () with Gymcc.Failed (failure, text) -> Printf.printf "%s %s\n%!" (name_of failure) text

let rec print depth (reply : Gymcc.reply) =
  print_string (String.make depth ' ');
  match reply with
  | Nil -> print_endline "nil"
  | Text text | Refusal text -> print_endline text
  | Integer n -> Printf.printf "%d\n" n
  | Array items ->
      Printf.printf "%d:\n" (List.length items);
      List.iter (print (depth + 1)) items

let types client =
  let there_and_back tensor =
    Gymcc.put_tensor client "ocaml" tensor;
    let back = Gymcc.get_tensor client "ocaml" in
    if back <> tensor then print_endline "differs";
    back
  in
  let x = there_and_back (Gymcc.floats [ 1; 3 ] [| 0.; 1.5; -2. |]) in
  Array.iter (Printf.printf "%g ") (Gymcc.to_floats x);
  let n = there_and_back (Gymcc.ints [ 3 ] [| 0; 1; -2 |]) in
  Array.iter (Printf.printf "%d ") (Gymcc.to_ints n);
  ignore (there_and_back { dtype = Uint16; shape = [ 2; 1 ]; data = Bytes.of_string "\001\002\003\004" });
  let large = there_and_back (Gymcc.ints [ 1 lsl 20 ] (Array.init (1 lsl 20) (fun i -> i * i))) in
  Printf.printf "%d\n" (Gymcc.to_ints large).(1000)

let upload client =
  Gymcc.upload client ~prefix:"camel" ~list:"training_data" ~dataset:"training_samples_0"
    [ ("samples", Gymcc.floats [ 2; 3 ] [| 1.; 2.; 3.; 4.; 5.; 6. |]); ("targets", Gymcc.ints [ 2 ] [| 7; 8 |]) ]

let refusals client =
  guarded (fun () -> ignore (Gymcc.get_tensor client "nothing-here"));
  guarded (fun () -> ignore (Gymcc.floats [ 2 ] [| 1. |]));
  guarded (fun () -> Gymcc.put_tensor client "x" { dtype = Float; shape = [ 2 ]; data = Bytes.create 4 });
  guarded (fun () -> ignore (Gymcc.decide client "nobody" ~observation:[| 1. |] ~mask:[| true |]));
  guarded (fun () -> ignore (Gymcc.decide client "mm" ~observation:[| 1. |] ~mask:[| true |]));
  guarded (fun () -> ignore (Gymcc.command client [ "NO.SUCH"; "x" ]));
  guarded (fun () -> ignore (Gymcc.to_floats (Gymcc.ints [ 1 ] [| 1 |])))

let rec repeat client parts =
  match input_char stdin with
  | exception End_of_file -> ()
  | _ ->
      guarded (fun () -> print 0 (Gymcc.command client parts));
      flush stdout;
      repeat client parts

let () =
  let address = if Sys.argv.(2) = "" then None else Some Sys.argv.(2) in
  let rest = Array.to_list (Array.sub Sys.argv 4 (Array.length Sys.argv - 4)) in
  guarded (fun () ->
      let client = Gymcc.connect ?address ~seconds:(float_of_string Sys.argv.(3)) () in
      (match Sys.argv.(1) with
      | "types" -> types client
      | "upload" -> upload client
      | "refusals" -> refusals client
      | "repeat" -> repeat client rest
      | _ -> print 0 (Gymcc.command client rest));
      Gymcc.close client)
