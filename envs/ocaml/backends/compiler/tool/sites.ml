(* The calls of a program: where, of what, how, and in which surroundings. *)

open Typedtree

type surroundings = {
  inside : Definitions.t list; (* innermost first *)
  nesting : int; (* functions around *)
  loops : int; (* of the innermost definition, as the next two *)
  branches : int;
  tries : int;
}

let outermost = { inside = []; nesting = 0; loops = 0; branches = 0; tries = 0 }

type callee =
  | Known of Definitions.t
  | External of string (* of another library *)
  | Unknown of string

type t = {
  file : string; (* the .ml file *)
  location : Location.t; (* of the application *)
  head : Location.t;
  callee : callee;
  arguments : expression list;
  around : surroundings;
}

let is_constant e =
  match e.exp_desc with Texp_constant _ | Texp_construct (_, _, []) | Texp_variant (_, None) -> true | _ -> false

let is_variable e = match e.exp_desc with Texp_ident _ -> true | _ -> false
let is_functional e = Anatomy.is_function e || Anatomy.is_arrow e.exp_type

let rec text_of e =
  match e.exp_desc with
  | Texp_ident (path, _, _) -> Path.name path
  | Texp_field (inner, _, label) -> text_of inner ^ "." ^ label.Types.lbl_name
  | _ -> "(expression)"

let is_lazy head = List.mem (Anatomy.primitive head) [ Some "%sequand"; Some "%sequor" ]

let callee definitions units head =
  match head.exp_desc with
  | Texp_ident (path, _, value) -> (
      match Definitions.find definitions path value with
      | Some d -> Known d
      | None ->
          let unit_of = Path.head path in
          if Ident.persistent unit_of && not (List.mem (Ident.name unit_of) units) then External (Path.name path)
          else Unknown (Path.name path))
  | _ -> Unknown (text_of head)

let same_group around d = List.exists (fun (e : Definitions.t) -> e.group = d.Definitions.group) around.inside

let kind site =
  match site.callee with
  | External _ -> "external"
  | Unknown _ -> "unknown"
  | Known d ->
      let given = List.length site.arguments in
      if given < d.lambda.arity then "partial"
      else if same_group site.around d then "self"
      else if given > d.lambda.arity then "over"
      else "direct"

(* Walks through one file; [sites] gathers what it calls, the last first. *)
let walker definitions units file sites =
  let around = ref outermost in
  let within changed visit =
    let before = !around in
    around := changed before;
    visit ();
    around := before
  in
  let mention path value =
    match Definitions.find definitions path value with
    | None -> ()
    | Some d ->
        d.uses <- d.uses + 1;
        if same_group !around d then d.recursive <- true
  in
  let escape e =
    match e.exp_desc with
    | Texp_ident (path, _, value) ->
        mention path value;
        Option.iter (fun d -> d.Definitions.escapes <- true) (Definitions.find definitions path value)
    | _ -> ()
  in
  let branch s = { s with branches = s.branches + 1 } in
  let loop s = { s with loops = s.loops + 1 } in
  let guarded s = { s with tries = s.tries + 1 } in
  let deeper s = { s with nesting = s.nesting + 1 } in
  let rec visit sub e = sub.Tast_iterator.expr sub e
  and all sub = List.iter (visit sub)
  and cases sub branching = function
    | (_ :: _ :: _ | [ (Some _, _) ]) as several -> within branch (fun () -> all sub (Anatomy.of_cases several))
    | cases when branching -> within branch (fun () -> all sub (Anatomy.of_cases cases))
    | cases -> all sub (Anatomy.of_cases cases)
  and expr sub e =
    match e.exp_desc with
    | Texp_apply _ -> apply sub e
    | Texp_ident _ -> escape e
    | Texp_function _ ->
        let { Anatomy.bodies; branching; _ } = Anatomy.lambda e in
        let inner s = if branching then branch (deeper s) else deeper s in
        within inner (fun () -> all sub bodies)
    | Texp_ifthenelse (condition, yes, no) ->
        visit sub condition;
        within branch (fun () -> all sub (yes :: Option.to_list no))
    | Texp_match _ ->
        let parts = Anatomy.parts e in
        all sub parts.expressions;
        cases sub false parts.cases
    | Texp_try _ ->
        let parts = Anatomy.parts e in
        within guarded (fun () -> all sub parts.expressions);
        cases sub true parts.cases
    | Texp_while (condition, body) -> within loop (fun () -> all sub [ condition; body ])
    | Texp_for (_, _, low, high, _, body) ->
        all sub [ low; high ];
        within loop (fun () -> visit sub body)
    | _ -> Anatomy.iterator.expr sub e
  and apply sub e =
    match Anatomy.application e with
    | Some { head; arguments } when Anatomy.is_object head -> List.iter (visit sub) (head :: arguments)
    | Some { head; arguments } when Anatomy.primitive head = None ->
        let callee = callee definitions units head in
        let site = { file; location = e.exp_loc; head = head.exp_loc; callee; arguments; around = !around } in
        sites := site :: !sites;
        (match head.exp_desc with Texp_ident (path, _, value) -> mention path value | _ -> visit sub head);
        all sub arguments
    | Some { head; arguments = first :: rest } when is_lazy head ->
        visit sub first;
        within branch (fun () -> all sub rest)
    | Some { arguments; _ } -> all sub arguments
    | None -> Anatomy.iterator.expr sub e
  and value_bindings sub (_, bindings) = List.iter (binding sub) bindings
  and binding sub vb =
    match Hashtbl.find_opt definitions.by_place (Definitions.place vb.vb_pat.pat_loc) with
    | Some d ->
        d.inside <- List.rev_map (fun (e : Definitions.t) -> e.id) !around.inside;
        let body s =
          { inside = d :: s.inside; nesting = s.nesting + 1; loops = 0; branches = 0; tries = 0 }
        in
        let enter s = if d.lambda.branching then branch (body s) else body s in
        within enter (fun () -> all sub d.lambda.bodies)
    | None -> visit sub vb.vb_expr
  in
  { Anatomy.iterator with expr; value_bindings }

let collect definitions units file structure =
  let sites = ref [] in
  let walking = walker definitions units file sites in
  walking.structure walking structure;
  let start site = site.head.loc_start.pos_cnum in
  List.sort (fun a b -> compare (start a, kind a) (start b, kind b)) !sites

let count test items = Json.Int (List.length (List.filter test items))
let line (p : Lexing.position) = Json.Int p.pos_lnum
let column (p : Lexing.position) = Json.Int (p.pos_cnum - p.pos_bol)

let json site =
  let known, name =
    match site.callee with
    | Known d -> (Json.Int d.id, d.name)
    | External name | Unknown name -> (Json.Null, name)
  in
  let { inside; nesting; loops; branches; tries } = site.around in
  let { Location.loc_start; loc_end; _ } = site.location in
  Json.Object
    [
      ("file", Json.String site.file);
      ("line", line loc_start);
      ("column", column loc_start);
      ("end_line", line loc_end);
      ("end_column", column loc_end);
      ("reach", Json.Int (loc_end.pos_cnum - loc_start.pos_bol));
      ("head_line", line site.head.loc_start);
      ("head_column", column site.head.loc_start);
      ("head", Json.List [ Json.Int site.head.loc_start.pos_cnum; Json.Int site.head.loc_end.pos_cnum ]);
      ("kind", Json.String (kind site));
      ("name", Json.String name);
      ("callee", known);
      ("inside", Json.List (List.rev_map (fun (d : Definitions.t) -> Json.Int d.id) inside));
      ("arguments", Json.Int (List.length site.arguments));
      ("constant_arguments", count is_constant site.arguments);
      ("function_arguments", count is_functional site.arguments);
      ("variable_arguments", count is_variable site.arguments);
      ("allocating_arguments", count (fun e -> Counts.allocates e || Anatomy.is_function e) site.arguments);
      ("loop_depth", Json.Int loops);
      ("branch_depth", Json.Int branches);
      ("nesting", Json.Int nesting);
      ("try_depth", Json.Int tries);
    ]
