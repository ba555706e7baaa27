(* sites FILE.cmt...            the calls and functions of type-checked files, in the order given, as JSON
   rewrite FOLDER FILE.ml...    carries out the plan on standard input; FOLDER gets the files as binary syntax trees
   text FOLDER FILE.ml...       the same, but FOLDER gets them as text *)

let structure file =
  match (Cmt_format.read_cmt file).cmt_annots with
  | Cmt_format.Implementation structure -> structure
  | _ -> failwith (file ^ " holds no implementation")

let source file = Filename.chop_suffix (Filename.basename file) ".cmt" ^ ".ml"
let unit_name file = String.capitalize_ascii (Filename.chop_suffix (Filename.basename file) ".cmt")

let sites files =
  let units = List.map unit_name files in
  let trees = List.map (fun file -> (source file, structure file)) files in
  let definitions = Definitions.create () in
  List.iter (fun (file, tree) -> Definitions.collect definitions file tree) trees;
  let found = List.concat_map (fun (file, tree) -> Sites.collect definitions units file tree) trees in
  let has_interface file = Sys.file_exists (Filename.chop_suffix file ".ml" ^ ".mli") in
  Json.write stdout
    (Json.Object
       [
         ("definitions", Json.List (List.map (Definitions.json has_interface) (Definitions.finished definitions)));
         ("sites", Json.List (List.map Sites.json found));
       ]);
  print_newline ()

let usage = "usage: sitetool sites FILE.cmt... | sitetool rewrite FOLDER FILE.ml... | sitetool text FOLDER FILE.ml..."

let by_plan work =
  try work (Plan.read stdin) with
  | Plan.Malformed line ->
      prerr_endline ("no such line in a plan: " ^ String.escaped line);
      exit 2
  | error ->
      Location.report_exception Format.err_formatter error;
      exit 2

let () =
  match Array.to_list Sys.argv with
  | _ :: "sites" :: files -> sites files
  | _ :: "rewrite" :: folder :: files -> by_plan (fun plan -> List.iter (Rewrite.file plan folder) files)
  | _ :: "text" :: folder :: files -> by_plan (fun plan -> List.iter (Text.file plan folder) files)
  | _ ->
      prerr_endline usage;
      exit 2
