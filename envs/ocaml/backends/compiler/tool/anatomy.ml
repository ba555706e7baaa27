(* Typed expressions, taken apart without naming the constructors that differ between versions of OCaml: an iterator
   that does not descend tells what an expression is made of. *)

open Typedtree

let iterator = Tast_iterator.default_iterator

type parts = {
  patterns : int; (* parameters, from OCaml 5.2 on *)
  expressions : expression list; (* in the order of the source *)
  cases : (expression option * expression) list; (* guard and right-hand side *)
}

let parts e =
  let patterns = ref 0 and expressions = ref [] and cases = ref [] in
  let pat (type k) _ (_ : k general_pattern) = incr patterns in
  let case (type k) _ (c : k case) = cases := (c.c_guard, c.c_rhs) :: !cases in
  let expr _ inner = expressions := inner :: !expressions in
  iterator.expr { iterator with pat; case; expr } e;
  { patterns = !patterns; expressions = List.rev !expressions; cases = List.rev !cases }

let is_function e = match e.exp_desc with Texp_function _ -> true | _ -> false

let of_cases cases = List.concat_map (fun (guard, rhs) -> Option.to_list guard @ [ rhs ]) cases

type lambda = {
  arity : int; (* parameters that are taken at once *)
  bodies : expression list; (* default values of parameters, guards and results *)
  branching : bool; (* whether it is defined by several cases *)
}

(* Before OCaml 5.2, a default value is a [let] between parameters, marked so. *)
let default e =
  match e.exp_desc with
  | Texp_let (_, [ vb ], inner) when List.exists (fun a -> a.Parsetree.attr_name.txt = "#default") e.exp_attributes ->
      Some (vb.vb_expr, inner)
  | _ -> None

let rec lambda e =
  let { patterns; expressions; cases } = parts e in
  match (patterns, cases) with
  | 0, [ (None, rhs) ] when Option.is_some (default rhs) ->
      let value, rest = Option.get (default rhs) in
      let inner = if is_function rest then lambda rest else { arity = 0; bodies = [ rest ]; branching = false } in
      { inner with arity = inner.arity + 1; bodies = value :: inner.bodies }
  | 0, [ (None, rhs) ] when is_function rhs ->
      let inner = lambda rhs in
      { inner with arity = inner.arity + 1 }
  | n, [] -> { arity = n; bodies = expressions; branching = false }
  | n, cases -> { arity = n + 1; bodies = expressions @ of_cases cases; branching = List.length cases > 1 }

let primitive e =
  match e.exp_desc with
  | Texp_ident (_, _, { val_kind = Types.Val_prim p; _ }) -> Some p.Primitive.prim_name
  | _ -> None

let is_object e = match e.exp_desc with Texp_send _ | Texp_new _ -> true | _ -> false
let is_arrow t = match Describe.describe t with Types.Tarrow _ -> true | _ -> false

type application = { head : expression; arguments : expression list }

let all_given arguments =
  let plain = List.filter_map (function Asttypes.Nolabel, Some e -> Some e | _ -> None) arguments in
  if List.length plain = List.length arguments then Some plain else None

let given arguments = List.filter_map snd arguments

(* The application that [e] stands for: [x |> f], [f @@ x] and [(f x) y] are compiled as [f x] and [f x y]. *)
let rec application e =
  match e.exp_desc with
  | Texp_apply (head, [ (_, Some first); (_, Some second) ]) when primitive head = Some "%revapply" ->
      applied second first
  | Texp_apply (head, [ (_, Some first); (_, Some second) ]) when primitive head = Some "%apply" ->
      applied first second
  | Texp_apply ({ exp_desc = Texp_apply _; _ } as inner, arguments) -> (
      match (application inner, all_given arguments) with
      | Some { head; arguments = before }, Some after -> Some { head; arguments = before @ after }
      | _ -> None)
  | Texp_apply (head, arguments) -> Some { head; arguments = given arguments }
  | _ -> None

and applied operand argument =
  match operand.exp_desc with
  | Texp_ident _ -> Some { head = operand; arguments = [ argument ] }
  | Texp_apply (_, arguments) when all_given arguments <> None -> (
      match application operand with
      | Some { head; arguments } when primitive head = None -> Some { head; arguments = arguments @ [ argument ] }
      | _ -> None)
  | _ -> None
