(* Carries out a plan on the syntax tree of a file: attributes on calls and functions, and clones beside functions. *)

open Parsetree

let plain name = { Asttypes.txt = name; loc = Location.none }

let attribute name argument =
  let ident = Ast_helper.Exp.ident (plain (Longident.Lident argument)) in
  Ast_helper.Attr.mk (plain name) (PStr [ Ast_helper.Str.eval ident ])

let without name = List.filter (fun a -> a.attr_name.txt <> name && a.attr_name.txt <> "ocaml." ^ name)

let marked name argument attributes = attribute name argument :: without name attributes

(* The last part of a dotted name, replaced. *)
let renamed name long =
  match List.rev (Longident.flatten long) with
  | _ :: modules -> Option.get (Longident.unflatten (List.rev (name :: modules)))
  | [] -> long

let rewritten_head (h : Plan.head) head =
  let desc =
    match (h.renamed, head.pexp_desc) with
    | Some name, Pexp_ident long -> Pexp_ident { long with txt = renamed name long.txt }
    | _, desc -> desc
  in
  let pexp_attributes =
    match h.attribute with
    | Some argument -> marked "inlined" argument head.pexp_attributes
    | None -> head.pexp_attributes
  in
  { head with pexp_desc = desc; pexp_attributes }

let is_pipe name e = match e.pexp_desc with Pexp_ident { txt = Longident.Lident n; _ } -> n = name | _ -> false

(* The head of an application and how to put it together again with another one; [x |> f y] becomes [f y x], since the
   compiler heeds no attribute on an operand. *)
let rec taken_apart e =
  match e.pexp_desc with
  | Pexp_apply (pipe, [ (Nolabel, x); (Nolabel, f) ]) when is_pipe "|>" pipe -> operand e f x
  | Pexp_apply (pipe, [ (Nolabel, f); (Nolabel, x) ]) when is_pipe "@@" pipe -> operand e f x
  | Pexp_apply (({ pexp_desc = Pexp_apply _; _ } as inner), arguments) ->
      Option.map
        (fun (head, make) -> (head, fun changed -> { e with pexp_desc = Pexp_apply (make changed, arguments) }))
        (taken_apart inner)
  | Pexp_apply (head, arguments) ->
      Some (head, fun changed -> { e with pexp_desc = Pexp_apply (changed, arguments) })
  | _ -> None

and operand whole f x =
  match f.pexp_desc with
  | Pexp_ident _ -> Some (f, fun changed -> { whole with pexp_desc = Pexp_apply (changed, [ (Nolabel, x) ]) })
  | Pexp_apply (head, arguments) when List.for_all (fun (label, _) -> label = Asttypes.Nolabel) arguments ->
      let together changed = { whole with pexp_desc = Pexp_apply (changed, arguments @ [ (Nolabel, x) ]) } in
      Some (head, together)
  | _ -> None

let rec bound_name p =
  match p.ppat_desc with
  | Ppat_var _ -> Some p
  | Ppat_constraint (inner, _) -> bound_name inner
  | _ -> None

let rec rename name p =
  match p.ppat_desc with
  | Ppat_var _ -> { p with ppat_desc = Ppat_var (plain name) }
  | Ppat_constraint (inner, t) -> { p with ppat_desc = Ppat_constraint (rename name inner, t) }
  | _ -> p

let offset (loc : Location.t) = loc.loc_start.pos_cnum

let mark vb (name, argument) = { vb with pvb_attributes = marked name argument vb.pvb_attributes }

(* What stands in the text [context] of [file]. Calls in clones say so in the name of their file, for warnings. *)
let rec mapper plan file context =
  let default = Ast_mapper.default_mapper in
  let place vb = Option.map (fun p -> (context, file, offset p.ppat_loc)) (bound_name vb.pvb_pat) in
  let marked_binding self vb =
    let here = default.value_binding self vb in
    match place vb with Some key -> List.fold_left mark here (Hashtbl.find_all plan.Plan.marks key) | None -> here
  in
  let clone_of vb (clone : Plan.clone) =
    let inside = mapper plan file clone.context in
    let copy = default.value_binding inside vb in
    let copy = { copy with pvb_pat = rename clone.name copy.pvb_pat } in
    if clone.inline then mark copy ("inline", "always")
    else { copy with pvb_attributes = without "inline" copy.pvb_attributes }
  in
  let clones vb =
    match place vb with
    | None -> []
    | Some key ->
        List.map (fun (clone : Plan.clone) -> (clone.context, clone_of vb clone)) (Hashtbl.find_all plan.clones key)
  in
  (* Clones of plain functions join their group, where they see what the function sees; those of recursive ones come
     after it, each in a group of its own. *)
  let groups self recursive bindings =
    let here = List.map (self.Ast_mapper.value_binding self) bindings in
    let numbered = List.sort (fun (a, _) (b, _) -> compare a b) (List.concat_map clones bindings) in
    let copies = List.map snd numbered in
    if recursive = Asttypes.Nonrecursive then [ (recursive, here @ copies) ]
    else (recursive, here) :: List.map (fun copy -> (Asttypes.Nonrecursive, [ copy ])) copies
  in
  let structure self items =
    let each item =
      match item.pstr_desc with
      | Pstr_value (recursive, bindings) ->
          let value (r, b) = { item with pstr_desc = Pstr_value (r, b) } in
          List.map value (groups self recursive bindings)
      | _ -> [ self.Ast_mapper.structure_item self item ]
    in
    List.concat_map each items
  in
  let in_context e =
    if context = 0 then e
    else
      let loc = e.pexp_loc in
      let loc_start = { loc.loc_start with pos_fname = Printf.sprintf "%s#%d" loc.loc_start.pos_fname context } in
      { e with pexp_loc = { loc with loc_start } }
  in
  let decided e =
    match taken_apart e with
    | None -> e
    | Some (head, together) -> (
        let first, last = (offset head.pexp_loc, head.pexp_loc.loc_end.pos_cnum) in
        match Hashtbl.find_opt plan.Plan.heads (context, file, first, last) with
        | None -> e
        | Some wanted -> in_context (together (rewritten_head wanted head)))
  in
  let expr self e =
    match e.pexp_desc with
    | Pexp_let (recursive, bindings, body) ->
        let last = self.Ast_mapper.expr self body in
        let value (r, b) inner = { e with pexp_desc = Pexp_let (r, b, inner) } in
        List.fold_right value (groups self recursive bindings) last
    | Pexp_apply _ -> default.expr self (decided e)
    | _ -> default.expr self e
  in
  { default with structure; expr; value_binding = marked_binding }

let interface plan file items =
  let each item =
    match item.psig_desc with
    | Psig_value value ->
        let copy name = { item with psig_desc = Psig_value { value with pval_name = plain name } } in
        item :: List.map copy (Hashtbl.find_all plan.Plan.values (file, value.pval_name.txt))
    | _ -> [ item ]
  in
  List.concat_map each items

(* A file's tree and the name that its places say, be it source or what a preprocessor has left. *)
let read magic parse file =
  let channel = open_in_bin file in
  let size = String.length magic in
  let start = really_input_string channel (min size (in_channel_length channel)) in
  let found =
    if start = magic then
      let (name : string) = input_value channel in
      (name, input_value channel)
    else begin
      seek_in channel 0;
      let lexbuf = Lexing.from_channel channel in
      Location.init lexbuf (Filename.basename file);
      (Filename.basename file, parse lexbuf)
    end
  in
  close_in channel;
  found

let write magic file (name, tree) =
  let channel = open_out_bin file in
  output_string channel magic;
  output_value channel name;
  output_value channel tree;
  close_out channel

(* Writes what becomes of [source] to [target], in the binary form that compilers take for source. *)
let implementation plan source target =
  let magic = Config.ast_impl_magic_number in
  let name, tree = read magic Parse.implementation source in
  let mapping = mapper plan (Filename.basename name) 0 in
  write magic target (name, mapping.structure mapping tree)

let file plan folder source =
  let target = Filename.concat folder (Filename.basename source) in
  if Filename.check_suffix source ".mli" then begin
    let magic = Config.ast_intf_magic_number in
    let name, tree = read magic Parse.interface source in
    write magic target (name, interface plan (Filename.basename name) tree)
  end
  else implementation plan source target
