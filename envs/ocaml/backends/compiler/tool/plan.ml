(* What is to be rewritten, one thing a line, words parted by tabs:

     head CONTEXT FILE START END ATTRIBUTE NAME    the call whose function stands there gets the attribute [@inlined
                                                   ATTRIBUTE] (- for none of ours) and calls NAME instead (- for the same)
     mark CONTEXT FILE OFFSET NAME ARGUMENT        the function whose name stands there gets [@NAME ARGUMENT]
     clone HOME FILE OFFSET NAME CONTEXT INLINE    beside the function whose name stands there, in the text HOME, stands
                                                   a copy of it named NAME, whose text is CONTEXT; INLINE is 0 or 1
     value FILE NAME CLONE                         an interface that shows NAME shows CLONE, too

   Context 0 is the text of the program, others are those of clones. Contexts of clones count
   up, and a clone's is greater than those of the clones it calls. *)

type head = { attribute : string option; renamed : string option }
type clone = { name : string; context : int; inline : bool }

type t = {
  heads : (int * string * int * int, head) Hashtbl.t;
  marks : (int * string * int, string * string) Hashtbl.t; (* several under one key *)
  clones : (int * string * int, clone) Hashtbl.t; (* several under one key *)
  values : (string * string, string) Hashtbl.t;
}

exception Malformed of string

let word = function "-" -> None | text -> Some text

let note plan line =
  let number = int_of_string in
  match String.split_on_char '\t' line with
  | [ "head"; context; file; first; last; attribute; name ] ->
      let place = (number context, file, number first, number last) in
      Hashtbl.replace plan.heads place { attribute = word attribute; renamed = word name }
  | [ "mark"; context; file; offset; name; argument ] ->
      Hashtbl.add plan.marks (number context, file, number offset) (name, argument)
  | [ "clone"; home; file; offset; name; context; inline ] ->
      let clone = { name; context = number context; inline = inline = "1" } in
      Hashtbl.add plan.clones (number home, file, number offset) clone
  | [ "value"; file; name; clone ] -> Hashtbl.add plan.values (file, name) clone
  | _ -> raise (Malformed line)

let read channel =
  let plan =
    { heads = Hashtbl.create 64; marks = Hashtbl.create 16; clones = Hashtbl.create 16; values = Hashtbl.create 16 }
  in
  let rec lines () =
    match input_line channel with
    | line ->
        (try note plan line with Failure _ -> raise (Malformed line));
        lines ()
    | exception End_of_file -> plan
  in
  lines ()
