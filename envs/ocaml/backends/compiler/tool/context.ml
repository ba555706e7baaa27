(* What a file's tree tells of the call of the compiler that it comes from: compilers put that in for preprocessors. *)

open Parsetree

let is_context item =
  match item.pstr_desc with
  | Pstr_attribute { attr_name = { txt = "ocaml.ppx.context"; _ }; attr_payload = PStr [ payload ]; _ } -> Some payload
  | _ -> None

let printed item =
  match item.pstr_desc with Pstr_eval (e, _) -> Pprintast.string_of_expression e | _ -> ""

(* Files that it may refer to, by the names of their modules. *)
let mentioned tree =
  let module Strings = Misc.Stdlib.String in
  Depend.free_structure_names := Strings.Set.empty;
  Depend.add_implementation Strings.Map.empty tree;
  Strings.Set.elements !Depend.free_structure_names

let json file =
  let name, tree = Rewrite.read Config.ast_impl_magic_number Parse.implementation file in
  let context = match List.filter_map is_context tree with item :: _ -> printed item | [] -> "" in
  Json.Object
    [
      ("name", Json.String name);
      ("context", Json.String context);
      ("modules", Json.List (List.map (fun m -> Json.String m) (mentioned tree)));
    ]
