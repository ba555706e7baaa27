(* The functions that a program defines by [let], found by the place of their names. *)

open Typedtree

type t = {
  id : int;
  name : string;
  file : string; (* where its name stands *)
  line : int;
  column : int;
  offset : int; (* of its name, in characters of the file *)
  unit_file : string; (* the .ml file it belongs to *)
  top : bool; (* of a module, not of an expression *)
  exported : bool; (* named directly by the file, not inside a module in it *)
  hidden : bool; (* of a functor or of a module with a signature: another function beside it could not be named *)
  group : int; (* functions of one [let rec ... and ...] share it *)
  lambda : Anatomy.lambda;
  counts : Counts.t;
  mutable inside : int list; (* ids of the definitions around it, outermost first *)
  mutable uses : int;
  mutable escapes : bool; (* used other than by calling it *)
  mutable recursive : bool;
}

type table = {
  by_place : (string * int, t) Hashtbl.t;
  by_name : (string * string, t) Hashtbl.t; (* a file and a name in it, dotted: for what is seen through interfaces *)
  mutable all : t list; (* the last found first *)
  mutable groups : int;
}

let create () = { by_place = Hashtbl.create 64; by_name = Hashtbl.create 64; all = []; groups = 0 }

(* Whatever folder a file was named in when it was compiled. *)
let place (loc : Location.t) = (Filename.basename loc.loc_start.pos_fname, loc.loc_start.pos_cnum)

(* Where a file's traversal stands. *)
type scope = { in_expression : bool; modules : string list; (* innermost first *) in_hidden : bool }

let dotted modules name = String.concat "." (List.rev (name :: modules))

let add table unit_file scope (vb : value_binding) =
  match pat_bound_idents vb.vb_pat with
  | [ ident ] when Anatomy.is_function vb.vb_expr ->
      let start = vb.vb_pat.pat_loc.loc_start in
      let lambda = Anatomy.lambda vb.vb_expr in
      let definition =
        {
          id = List.length table.all;
          name = Ident.name ident;
          file = start.pos_fname;
          line = start.pos_lnum;
          column = start.pos_cnum - start.pos_bol;
          offset = start.pos_cnum;
          unit_file;
          top = not scope.in_expression;
          exported = (not scope.in_expression) && scope.modules = [];
          hidden = scope.in_hidden;
          group = table.groups;
          lambda;
          counts = Counts.of_bodies lambda.bodies;
          inside = [];
          uses = 0;
          escapes = false;
          recursive = false;
        }
      in
      table.all <- definition :: table.all;
      Hashtbl.replace table.by_place (place vb.vb_pat.pat_loc) definition;
      if definition.top then Hashtbl.replace table.by_name (unit_file, dotted scope.modules definition.name) definition
  | _ -> ()

(* Whether a module can be seen from outside only through a signature. *)
let seals m = match m.mod_desc with
  | Tmod_functor _ | Tmod_constraint (_, _, Tmodtype_explicit _, _) -> true
  | _ -> false

let collect table unit_file structure =
  let scope = ref { in_expression = false; modules = []; in_hidden = false } in
  let within changed visit =
    let before = !scope in
    scope := changed before;
    visit ();
    scope := before
  in
  let expr sub e = within (fun s -> { s with in_expression = true }) (fun () -> Anatomy.iterator.expr sub e) in
  let module_expr sub m =
    within (fun s -> { s with in_hidden = s.in_hidden || seals m }) (fun () -> Anatomy.iterator.module_expr sub m)
  in
  let module_binding sub mb =
    let name = Option.value mb.mb_name.txt ~default:"_" in
    within (fun s -> { s with modules = name :: s.modules }) (fun () -> Anatomy.iterator.module_binding sub mb)
  in
  let value_bindings sub (recursive, bindings) =
    table.groups <- table.groups + 1;
    List.iter (add table unit_file !scope) bindings;
    Anatomy.iterator.value_bindings sub (recursive, bindings)
  in
  let collecting = { Anatomy.iterator with expr; module_expr; module_binding; value_bindings } in
  collecting.structure collecting structure

(* A path without the file that it starts from, dotted. *)
let rec within_file = function
  | Path.Pdot (Path.Pident _, name) -> Some name
  | Path.Pdot (outer, name) -> Option.map (fun outer -> outer ^ "." ^ name) (within_file outer)
  | path -> if Ident.persistent (Path.head path) then None else Some (Path.last path)

(* [Library.A.f] is [f] of a.ml where a library's files are seen through a module that names them. *)
let behind_library path source name =
  let file = String.capitalize_ascii (Filename.chop_suffix source ".ml") in
  let head = Path.head path in
  if (not (Ident.persistent head)) || Ident.name head = file then Some name
  else
    match String.split_on_char '.' name with
    | first :: (_ :: _ as rest) when first = file -> Some (String.concat "." rest)
    | _ -> Some name

(* The definition that a name refers to, through the interface of its file if need be. *)
let find table path (value : Types.value_description) =
  match Hashtbl.find_opt table.by_place (place value.val_loc) with
  | Some definition -> Some definition
  | None ->
      let file = fst (place value.val_loc) in
      if Filename.check_suffix file ".mli" then
        let source = Filename.chop_suffix file ".mli" ^ ".ml" in
        let found name = Hashtbl.find_opt table.by_name (source, name) in
        Option.bind (Option.bind (within_file path) (behind_library path source)) found
      else None

let finished table = List.rev table.all

let json has_interface d =
  Json.Object
    ([
       ("name", Json.String d.name);
       ("file", Json.String d.unit_file);
       ("line", Json.Int d.line);
       ("column", Json.Int d.column);
       ("offset", Json.Int d.offset);
       ("group", Json.Int d.group);
       ("inside", Json.List (List.map (fun id -> Json.Int id) d.inside));
       ("cloneable", Json.Bool ((not d.hidden) && (d.exported || (not d.top) || not (has_interface d.unit_file))));
       ("exported", Json.Bool d.exported);
       ("top", Json.Bool d.top);
       ("arity", Json.Int d.lambda.arity);
       ("uses", Json.Int d.uses);
       ("escapes", Json.Bool d.escapes);
       ("recursive", Json.Bool d.recursive);
     ]
    @ List.map (fun (name, count) -> (name, Json.Int count)) (Counts.fields d.counts))
