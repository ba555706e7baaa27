(* JSON values and how they are written; the standard library has none. *)

type t =
  | Null
  | Bool of bool
  | Int of int
  | String of string
  | List of t list
  | Object of (string * t) list

let option value = function None -> Null | Some x -> value x

let escaped text =
  let buffer = Buffer.create (String.length text + 2) in
  let add = function
    | '"' -> Buffer.add_string buffer "\\\""
    | '\\' -> Buffer.add_string buffer "\\\\"
    | c when c < ' ' -> Printf.bprintf buffer "\\u%04x" (Char.code c)
    | c -> Buffer.add_char buffer c
  in
  String.iter add text;
  "\"" ^ Buffer.contents buffer ^ "\""

let rec write out = function
  | Null -> output_string out "null"
  | Bool b -> output_string out (string_of_bool b)
  | Int n -> output_string out (string_of_int n)
  | String s -> output_string out (escaped s)
  | List items ->
      output_char out '[';
      separated out (write out) items;
      output_char out ']'
  | Object fields ->
      output_char out '{';
      separated out
        (fun (name, value) ->
          output_string out (escaped name);
          output_char out ':';
          write out value)
        fields;
      output_char out '}'

and separated : 'a. out_channel -> ('a -> unit) -> 'a list -> unit =
 fun out each items ->
  List.iteri
    (fun i item ->
      if i > 0 then output_char out ',';
      each item)
    items
