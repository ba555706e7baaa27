(* Carries out a plan on the text of a file, so that comments and layout stay: what Rewrite does to its tree.

   The pieces of the text that a plan may change are found in the tree. They nest, and each is written anew for every
   text (context) that it stands in, since clones are made of the same pieces. *)

open Parsetree

type writer = int -> int -> int -> string (* in a context, what lies between two places *)

type piece = {
  first : int;
  last : int;
  written : writer -> int -> string option; (* in a context; None: nothing changes *)
}

let start (loc : Location.t) = loc.loc_start.pos_cnum
let stop (loc : Location.t) = loc.loc_end.pos_cnum

(* The longest pieces between two places, from the left; what is to be put in somewhere comes before what stands there. *)
let outermost pieces first last =
  let order p = (p.first, p.last > p.first, -p.last) in
  let longer a b = compare (order a) (order b) in
  let rec chosen from = function
    | [] -> []
    | p :: rest when p.first < from -> chosen from rest
    | p :: rest -> p :: chosen p.last rest
  in
  chosen first (List.stable_sort longer (List.filter (fun p -> first <= p.first && p.last <= last) pieces))

let rec write text pieces context first last =
  let buffer = Buffer.create (last - first) in
  let add from p =
    Buffer.add_string buffer (String.sub text from (p.first - from));
    let inner = write text (List.filter (fun q -> q != p && p.first <= q.first && q.last <= p.last) pieces) in
    let unchanged () = inner context p.first p.last in
    Buffer.add_string buffer (match p.written inner context with Some changed -> changed | None -> unchanged ());
    p.last
  in
  let from = List.fold_left add first (outermost pieces first last) in
  Buffer.add_string buffer (String.sub text from (last - from));
  Buffer.contents buffer

(* Calls. [wanted] tells what a plan has for the function of a call, in a context. *)

let changed_head head (wanted : Plan.head) =
  let changed = Rewrite.rewritten_head wanted head in
  match (wanted.attribute, changed.pexp_attributes) with
  | Some argument, [ _ ] ->
      let plain = Pprintast.string_of_expression { changed with pexp_attributes = [] } in
      Printf.sprintf "(%s [@inlined %s])" plain argument
  | _ -> "(" ^ Pprintast.string_of_expression changed ^ ")"

let of_head wanted head =
  let change (plain : writer) context (w : Plan.head) =
    match (head.pexp_desc, head.pexp_attributes, w.attribute) with
    | Pexp_ident _, _, _ | _, _ :: _, _ | _, _, None -> changed_head head w
    | _, [], Some argument ->
        Printf.sprintf "(%s [@inlined %s])" (plain context (start head.pexp_loc) (stop head.pexp_loc)) argument
  in
  let written plain context = Option.map (change plain context) (wanted context head) in
  { first = start head.pexp_loc; last = stop head.pexp_loc; written }

let operand (plain : writer) context e = "(" ^ plain context (start e.pexp_loc) (stop e.pexp_loc) ^ ")"

(* [a + b] becomes [(+) a b]. *)
let infix wanted head left right =
  let written plain context =
    let together h = Printf.sprintf "(%s %s %s)" h (operand plain context left) (operand plain context right) in
    Option.map (fun w -> together (changed_head head w)) (wanted context head)
  in
  { first = start left.pexp_loc; last = stop right.pexp_loc; written }

(* [x |> f y] and [f y @@ x], of which [function_part] is [f y], become [f y x]. *)
let piped wanted function_part argument =
  let head, arguments =
    match function_part.pexp_desc with Pexp_apply (head, given) -> (head, List.map snd given) | _ -> (function_part, [])
  in
  let written plain context =
    let after = List.map (operand plain context) (arguments @ [ argument ]) in
    let together h = Printf.sprintf "(%s)" (String.concat " " (h :: after)) in
    Option.map (fun w -> together (changed_head head w)) (wanted context head)
  in
  let both = [ function_part.pexp_loc; argument.pexp_loc ] in
  let first = List.fold_left min max_int (List.map start both) and last = List.fold_left max 0 (List.map stop both) in
  { first; last; written }

let before a b = stop a.pexp_loc <= start b.pexp_loc

let of_call wanted e =
  let is_pipe name pipe f x = Rewrite.is_pipe name pipe && Option.is_some (Rewrite.operand e f x) in
  match e.pexp_desc with
  | Pexp_apply (pipe, [ (Nolabel, x); (Nolabel, f) ]) when is_pipe "|>" pipe f x -> [ piped wanted f x ]
  | Pexp_apply (pipe, [ (Nolabel, f); (Nolabel, x) ]) when is_pipe "@@" pipe f x -> [ piped wanted f x ]
  | Pexp_apply (head, [ (Nolabel, left); (Nolabel, right) ]) when before left head && before head right ->
      [ infix wanted head left right ]
  | Pexp_apply (head, _) -> [ of_head wanted head ]
  | _ -> []

(* Functions. *)

let keyword_end vb = start vb.pvb_loc + String.length "let" (* or and *)
let inline = "inline"

let of_marks (plan : Plan.t) file vb =
  let offset = Option.map (fun p -> Rewrite.offset p.ppat_loc) (Rewrite.bound_name vb.pvb_pat) in
  let marks context = match offset with Some o -> Hashtbl.find_all plan.marks (context, file, o) | None -> [] in
  let is_text_of_clone context =
    let own (_, f, o) (c : Plan.clone) found = found || (f = file && Some o = offset && c.context = context) in
    Hashtbl.fold own plan.clones false
  in
  let attribute (name, argument) = Printf.sprintf "[@%s %s]" name argument in
  let added _ context =
    match marks context with [] -> None | found -> Some (String.concat "" (List.rev_map attribute found))
  in
  let dropped name _ context =
    let names = List.map fst (marks context) @ if is_text_of_clone context then [ inline ] else [] in
    if List.exists (fun mark -> name = mark || name = "ocaml." ^ mark) names then Some "" else None
  in
  { first = keyword_end vb; last = keyword_end vb; written = added }
  :: List.map
       (fun a -> { first = start a.attr_loc; last = stop a.attr_loc; written = dropped a.attr_name.txt })
       vb.pvb_attributes

let without_rec text =
  let trimmed = String.trim text in
  let length = String.length trimmed in
  if length >= 3 && String.sub trimmed (length - 3) 3 = "rec" then String.sub trimmed 0 (length - 3) else trimmed

(* A clone, by the word it is joined to the others with. *)
let clone_of (plain : writer) word vb name (clone : Plan.clone) =
  let before = without_rec (plain clone.context (keyword_end vb) (start name.ppat_loc)) in
  let after = plain clone.context (stop name.ppat_loc) (stop vb.pvb_loc) in
  let attribute = if clone.inline then "[@inline always]" else "" in
  Printf.sprintf "%s%s%s %s%s" word attribute before clone.name after

let of_group (plan : Plan.t) file at_top recursive bindings =
  let first = start (List.hd bindings).pvb_loc in
  let last = List.fold_left (fun last vb -> max last (stop vb.pvb_loc)) 0 bindings in
  let clones context vb =
    match Rewrite.bound_name vb.pvb_pat with
    | None -> []
    | Some name ->
        let found = Hashtbl.find_all plan.clones (context, file, Rewrite.offset name.ppat_loc) in
        List.map (fun (clone : Plan.clone) -> (clone.context, (vb, name, clone))) found
  in
  let word =
    if recursive = Asttypes.Nonrecursive then "\nand" else if at_top then "\nlet" else "\nin let"
  in
  let written (plain : writer) context =
    match List.sort (fun (a, _) (b, _) -> compare a b) (List.concat_map (clones context) bindings) with
    | [] -> None
    | found ->
        let copies = List.map (fun (_, (vb, name, clone)) -> clone_of plain word vb name clone) found in
        Some (plain context first last ^ String.concat "" copies)
  in
  { first; last; written }

let of_value (plan : Plan.t) file item (value : value_description) =
  let { Asttypes.txt; loc } = value.pval_name in
  let written (plain : writer) context =
    let whole = plain context (start item.psig_loc) (stop item.psig_loc) in
    let after = plain context (stop loc) (stop item.psig_loc) in
    match Hashtbl.find_all plan.values (file, txt) with
    | [] -> None
    | found -> Some (String.concat "" (whole :: List.map (fun name -> Printf.sprintf "\nval %s%s" name after) found))
  in
  { first = start item.psig_loc; last = stop item.psig_loc; written }

(* All pieces of a file; [visit] walks through its tree. *)
let pieces (plan : Plan.t) file visit =
  let found = ref [] in
  let add more = found := more @ !found in
  let wanted context head =
    Hashtbl.find_opt plan.heads (context, file, start head.pexp_loc, stop head.pexp_loc)
  in
  let group at_top recursive bindings =
    add (of_group plan file at_top recursive bindings :: List.concat_map (of_marks plan file) bindings)
  in
  let default = Ast_iterator.default_iterator in
  let expr self e =
    (match e.pexp_desc with
    | Pexp_let (recursive, bindings, _) -> group false recursive bindings
    | Pexp_apply _ -> add (of_call wanted e)
    | _ -> ());
    default.expr self e
  in
  let structure_item self item =
    (match item.pstr_desc with Pstr_value (recursive, bindings) -> group true recursive bindings | _ -> ());
    default.structure_item self item
  in
  let signature_item self item =
    (match item.psig_desc with Psig_value value -> add [ of_value plan file item value ] | _ -> ());
    default.signature_item self item
  in
  visit { default with expr; structure_item; signature_item };
  !found

(* Trees without the places of their text. *)
let placeless =
  let location _ _ = Location.none in
  let expr self e = { (Ast_mapper.default_mapper.expr self e) with pexp_loc_stack = [] } in
  let pat self p = { (Ast_mapper.default_mapper.pat self p) with ppat_loc_stack = [] } in
  let typ self t = { (Ast_mapper.default_mapper.typ self t) with ptyp_loc_stack = [] } in
  { Ast_mapper.default_mapper with location; expr; pat; typ }

let contents file =
  let channel = open_in_bin file in
  let text = really_input_string channel (in_channel_length channel) in
  close_in channel;
  text

(* The text that means [tree], changed as little as can be; where that does not mean it, the tree as it prints. *)
let faithful parse strip print text tree =
  match parse (Lexing.from_string text) with
  | again when strip again = strip tree -> text
  | _ | (exception _) -> print tree

(* Writes the text of what becomes of [file] into [folder]. *)
let file plan folder file =
  let name = Filename.basename file in
  let text = contents file in
  let changed visit = write text (pieces plan name visit) 0 0 (String.length text) in
  let result =
    if Filename.check_suffix file ".mli" then
      let tree = snd (Rewrite.read Config.ast_intf_magic_number Parse.interface file) in
      let changed = changed (fun it -> it.Ast_iterator.signature it tree) in
      let print tree = Format.asprintf "%a@." Pprintast.signature tree in
      let strip = placeless.signature placeless in
      faithful Parse.interface strip print changed (Rewrite.interface plan name tree)
    else
      let tree = snd (Rewrite.read Config.ast_impl_magic_number Parse.implementation file) in
      let changed = changed (fun it -> it.Ast_iterator.structure it tree) in
      let print tree = Format.asprintf "%a@." Pprintast.structure tree in
      let strip = placeless.structure placeless in
      let mapping = Rewrite.mapper plan name 0 in
      faithful Parse.implementation strip print changed (mapping.structure mapping tree)
  in
  let channel = open_out_bin (Filename.concat folder name) in
  output_string channel result;
  close_out channel
