(* sites FILE.cmt...            the calls and functions of type-checked files, in the order given, as JSON
   unit FILE.cmt OTHER.cmt...   the calls of one file, and the functions of all
   rewrite FOLDER FILE.ml...    carries out the plan on standard input; FOLDER gets the files as binary syntax trees
   text FOLDER FILE.ml...       the same, but FOLDER gets them as text
   context TREE                 where a syntax tree comes from that a compiler gives to preprocessors, as JSON
   ppx TREE TARGET              carries out the plan on standard input on such a tree *)

let structure file =
  match (Cmt_format.read_cmt file).cmt_annots with
  | Cmt_format.Implementation structure -> structure
  | _ -> failwith (file ^ " holds no implementation")

let source file = Filename.chop_suffix (Filename.basename file) ".cmt" ^ ".ml"

let write_listing definitions has_interface sites =
  Json.write stdout
    (Json.Object
       [
         ("definitions", Json.List (List.map (Definitions.json has_interface) (Definitions.finished definitions)));
         ("sites", Json.List (List.map Sites.json sites));
       ]);
  print_newline ()

let listed trees =
  let units = List.map (fun (file, _) -> String.capitalize_ascii (Filename.chop_suffix file ".ml")) trees in
  let definitions = Definitions.create () in
  List.iter (fun (file, tree) -> Definitions.collect definitions file tree) trees;
  (definitions, List.concat_map (fun (file, tree) -> Sites.collect definitions units file tree) trees)

let sites files =
  let definitions, sites = listed (List.map (fun file -> (source file, structure file)) files) in
  let has_interface file = Sys.file_exists (Filename.chop_suffix file ".ml" ^ ".mli") in
  write_listing definitions has_interface sites

(* Files that others than [file] come from need not be of use: they may be older, or not compile. *)
let unit file others =
  let readable other = try Some (source other, structure other) with _ -> None in
  let main = source file in
  let others = List.filter (fun (name, _) -> name <> main) (List.filter_map readable others) in
  let definitions, sites = listed (others @ [ (main, structure file) ]) in
  write_listing definitions (fun _ -> false) (List.filter (fun site -> site.Sites.file = main) sites)

let usage =
  "usage: sitetool sites FILE.cmt... | unit FILE.cmt OTHER.cmt... | rewrite FOLDER FILE.ml... | text FOLDER FILE.ml... | \
   context TREE | ppx TREE TARGET"

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
  | _ :: "unit" :: file :: others -> unit file others
  | _ :: "rewrite" :: folder :: files -> by_plan (fun plan -> List.iter (Rewrite.file plan folder) files)
  | _ :: "text" :: folder :: files -> by_plan (fun plan -> List.iter (Text.file plan folder) files)
  | [ _; "context"; tree ] ->
      Json.write stdout (Context.json tree);
      print_newline ()
  | [ _; "ppx"; tree; target ] -> by_plan (fun plan -> Rewrite.implementation plan tree target)
  | _ ->
      prerr_endline usage;
      exit 2
