(* How much of what there is in the body of a function. *)

open Typedtree

type t = {
  mutable size : int; (* expressions *)
  mutable calls : int;
  mutable primitives : int;
  mutable loops : int;
  mutable closures : int;
  mutable allocations : int;
  mutable branches : int;
  mutable tries : int;
}

let allocates e =
  match e.exp_desc with
  | Texp_tuple _ | Texp_construct (_, _, _ :: _) | Texp_record _ | Texp_array _ | Texp_lazy _ | Texp_variant (_, Some _)
    ->
      true
  | _ -> false

let note counts e =
  counts.size <- counts.size + 1;
  if allocates e then counts.allocations <- counts.allocations + 1;
  match e.exp_desc with
  | Texp_apply (head, _) -> (
      match Anatomy.primitive head with
      | None | Some ("%apply" | "%revapply") -> counts.calls <- counts.calls + 1
      | Some _ -> counts.primitives <- counts.primitives + 1)
  | Texp_while _ | Texp_for _ -> counts.loops <- counts.loops + 1
  | Texp_function _ -> counts.closures <- counts.closures + 1
  | Texp_ifthenelse _ | Texp_match _ -> counts.branches <- counts.branches + 1
  | Texp_try _ -> counts.tries <- counts.tries + 1
  | _ -> ()

let of_bodies bodies =
  let counts =
    { size = 0; calls = 0; primitives = 0; loops = 0; closures = 0; allocations = 0; branches = 0; tries = 0 }
  in
  let expr sub e =
    note counts e;
    if Anatomy.is_function e then List.iter (sub.Tast_iterator.expr sub) (Anatomy.lambda e).bodies
    else Anatomy.iterator.expr sub e
  in
  let counting = { Anatomy.iterator with expr } in
  List.iter (counting.expr counting) bodies;
  counts

let fields c =
  [
    ("size", c.size);
    ("calls", c.calls);
    ("primitives", c.primitives);
    ("loops", c.loops);
    ("closures", c.closures);
    ("allocations", c.allocations);
    ("branches", c.branches);
    ("tries", c.tries);
  ]
