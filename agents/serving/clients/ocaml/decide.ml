(* Ask a published policy for a decision:

     ocamlfind ocamlopt -package unix -linkpkg gymcc.mli gymcc.ml decide.ml -o decide
     decide ADDRESS POLICY < state

   [state]: how many numbers the observation has, those, how many actions there are, and 1 or 0 for each, legal or not.
   It writes the action's number and the scores of all. *)

let read_numbers () = Scanf.scanf " %d" (fun count -> Array.init count (fun _ -> Scanf.scanf " %f" Fun.id))

let decide address policy =
  let client = Gymcc.connect ~address () in
  let observation = read_numbers () in
  let mask = Array.map (fun legal -> legal <> 0.) (read_numbers ()) in
  let action, scores = Gymcc.decide client policy ~observation ~mask in
  Printf.printf "%d\n" action;
  Array.iter (Printf.printf "%.9g\n") scores;
  Gymcc.close client

let fail message =
  prerr_endline message;
  exit 1

let () =
  match Sys.argv with
  | [| _; address; policy |] -> (
      try decide address policy with
      | Gymcc.Failed (_, message) -> fail message
      | Scanf.Scan_failure _ | End_of_file -> fail "the input is not COUNT OBSERVATION... COUNT MASK...")
  | _ ->
      prerr_endline "usage: decide ADDRESS POLICY < state";
      exit 2
