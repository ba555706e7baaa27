type failure = Bad_argument | No_connection | Timed_out | Broken | Refused | Bad_answer

exception Failed of failure * string

type link = { socket : Unix.file_descr; input : Bytes.t; mutable start : int; mutable stop : int }

type t = {
  address : string;
  password : string option;
  seconds : float;
  mutable deadline : float;
  mutable link : link option;
  scratch : string; (* what the keys begin with that only this client uses *)
  mutable used : string list;
}

type dtype = Float | Double | Int8 | Int16 | Int32 | Int64 | Uint8 | Uint16
type tensor = { dtype : dtype; shape : int list; data : Bytes.t }
type reply = Nil | Text of string | Integer of int | Array of reply list | Refusal of string

let retry = 0.05 (* seconds between two attempts to connect *)
let longest = 1 lsl 32 (* bytes of a text *)
let failed client failure format =
  Printf.ksprintf (fun text -> raise (Failed (failure, client.address ^ ": " ^ text))) format

(* Tensors *)

let dtypes =
  [ (Float, ("FLOAT", 4)); (Double, ("DOUBLE", 8)); (Int8, ("INT8", 1)); (Int16, ("INT16", 2));
    (Int32, ("INT32", 4)); (Int64, ("INT64", 8)); (Uint8, ("UINT8", 1)); (Uint16, ("UINT16", 2)) ]

let name_of dtype = fst (List.assoc dtype dtypes)
let size_of dtype = snd (List.assoc dtype dtypes)
let count shape = List.fold_left ( * ) 1 shape
let is_tensor { dtype; shape; data } =
  shape <> [] && List.for_all (fun size -> size > 0) shape && count shape * size_of dtype = Bytes.length data

let made dtype shape set values =
  let data = Bytes.create (Array.length values * size_of dtype) in
  Array.iteri (fun i value -> set data (i * size_of dtype) value) values;
  let tensor = { dtype; shape; data } in
  if is_tensor tensor then tensor
  else raise (Failed (Bad_argument, "a tensor's shape does not say how many numbers it has"))

let floats shape values =
  made Float shape (fun data at x -> Bytes.set_int32_le data at (Int32.bits_of_float x)) values

let ints shape values = made Int64 shape (fun data at n -> Bytes.set_int64_le data at (Int64.of_int n)) values

let read tensor get =
  Array.init (count tensor.shape) (fun i -> get tensor.data (i * size_of tensor.dtype))

let other tensor = raise (Failed (Bad_argument, "the tensor has another type of data, " ^ name_of tensor.dtype))

let to_floats tensor =
  match tensor.dtype with
  | Float -> read tensor (fun data at -> Int32.float_of_bits (Bytes.get_int32_le data at))
  | Double -> read tensor (fun data at -> Int64.float_of_bits (Bytes.get_int64_le data at))
  | _ -> other tensor

let to_ints tensor =
  match tensor.dtype with
  | Int8 -> read tensor Bytes.get_int8
  | Int16 -> read tensor Bytes.get_int16_le
  | Int32 -> read tensor (fun data at -> Int32.to_int (Bytes.get_int32_le data at))
  | Int64 -> read tensor (fun data at -> Int64.to_int (Bytes.get_int64_le data at))
  | Uint8 -> read tensor Bytes.get_uint8
  | Uint16 -> read tensor Bytes.get_uint16_le
  | Float | Double -> other tensor

(* The socket *)

exception Hung_up of string

let hang_up client =
  Option.iter (fun link -> try Unix.close link.socket with Unix.Unix_error _ -> ()) client.link;
  client.link <- None

(* Until the socket may be read or, with [writing], written to. *)
let rec wait client socket writing =
  let left = client.deadline -. Unix.gettimeofday () in
  if left <= 0. then raise Exit;
  let reads, writes = if writing then ([], [ socket ]) else ([ socket ], []) in
  match Unix.select reads writes [] left with
  | [], [], _ -> raise Exit
  | _ -> ()
  | exception Unix.Unix_error (Unix.EINTR, _, _) -> wait client socket writing

(* The program is not to die of a server that hung up, nor to lose its own way of dying of other pipes. *)
let without_sigpipe work =
  if Sys.win32 then work ()
  else
    let before = Sys.signal Sys.sigpipe Sys.Signal_ignore in
    Fun.protect work ~finally:(fun () -> Sys.set_signal Sys.sigpipe before)

let rec attempt client socket writing work =
  match work () with
  | result -> result
  | exception Unix.Unix_error ((Unix.EAGAIN | Unix.EWOULDBLOCK | Unix.EINTR), _, _) ->
      wait client socket writing;
      attempt client socket writing work
  | exception Unix.Unix_error (error, _, _) -> raise (Hung_up (Unix.error_message error))

let send client link request =
  let rec from at =
    if at < String.length request then
      from (at + attempt client link.socket true (fun () ->
                     Unix.write_substring link.socket request at (String.length request - at)))
  in
  without_sigpipe (fun () -> from 0)

let refill client link =
  link.start <- 0;
  link.stop <- 0;
  let receive () = Unix.read link.socket link.input 0 (Bytes.length link.input) in
  link.stop <- attempt client link.socket false receive;
  if link.stop = 0 then raise (Hung_up "the server closed the connection")

(* Replies *)

let malformed client = failed client Bad_answer "the server does not speak RESP"

let take client link size =
  let result = Bytes.create size in
  let rec from at =
    if at < size then begin
      if link.start = link.stop then refill client link;
      let part = min (size - at) (link.stop - link.start) in
      Bytes.blit link.input link.start result at part;
      link.start <- link.start + part;
      from (at + part)
    end
  in
  from 0;
  Bytes.unsafe_to_string result

let line client link =
  let buffer = Buffer.create 32 in
  let rec next () =
    if link.start = link.stop then refill client link;
    let letter = Bytes.get link.input link.start in
    link.start <- link.start + 1;
    if letter <> '\n' then (Buffer.add_char buffer letter; next ())
  in
  next ();
  let length = Buffer.length buffer - 1 in
  if length < 1 || Buffer.nth buffer length <> '\r' then malformed client else Buffer.sub buffer 0 length

let rec parse client link =
  let head = line client link in
  let rest = String.sub head 1 (String.length head - 1) in
  let number () = match int_of_string_opt rest with Some n -> n | None -> malformed client in
  match head.[0] with
  | '+' -> Text rest
  | '-' -> Refusal rest
  | ':' -> Integer (number ())
  | ('$' | '*') when number () = -1 -> Nil
  | ('$' | '*') when number () < 0 || number () > longest -> malformed client
  | '$' ->
      let text = take client link (number ()) in
      if take client link 2 <> "\r\n" then malformed client else Text text
  | '*' -> Array (elements client link (number ()) [])
  | _ -> malformed client

and elements client link left found =
  if left = 0 then List.rev found
  else
    let element = parse client link in
    elements client link (left - 1) (element :: found)

(* The connection *)

let add_part buffer part =
  Buffer.add_string buffer (Printf.sprintf "$%d\r\n" (String.length part));
  Buffer.add_string buffer part;
  Buffer.add_string buffer "\r\n"

let add_command buffer parts =
  Buffer.add_string buffer (Printf.sprintf "*%d\r\n" (List.length parts));
  List.iter (add_part buffer) parts

let encode commands =
  let buffer = Buffer.create 4096 in
  List.iter (add_command buffer) commands;
  Buffer.contents buffer

let bad_address client = failed client Bad_argument "no address; allowed: host:port, [ipv6]:port, unix://path"

let inet client =
  match String.rindex_opt client.address ':' with
  | None -> bad_address client
  | Some colon ->
      let port = String.sub client.address (colon + 1) (String.length client.address - colon - 1) in
      let host = String.sub client.address 0 colon in
      let size = String.length host in
      let host = if size > 2 && host.[0] = '[' && host.[size - 1] = ']' then String.sub host 1 (size - 2) else host in
      if host = "" || int_of_string_opt port = None then bad_address client;
      let found = Unix.getaddrinfo host port [ Unix.AI_SOCKTYPE Unix.SOCK_STREAM ] in
      if found = [] then raise (Hung_up ("no machine is called " ^ host));
      List.map (fun info -> info.Unix.ai_addr) found

let addresses client =
  let size = String.length client.address in
  if size > 7 && String.sub client.address 0 7 = "unix://" then
    [ Unix.ADDR_UNIX (String.sub client.address 7 (size - 7)) ]
  else inet client

let open_socket client address =
  let socket = Unix.socket ~cloexec:true (Unix.domain_of_sockaddr address) Unix.SOCK_STREAM 0 in
  try
    Unix.set_nonblock socket;
    (match address with Unix.ADDR_INET _ -> Unix.setsockopt socket Unix.TCP_NODELAY true | _ -> ());
    (match Unix.connect socket address with
    | () -> ()
    | exception Unix.Unix_error (Unix.EINPROGRESS, _, _) -> (
        wait client socket true;
        match Unix.getsockopt_error socket with
        | None -> ()
        | Some error -> raise (Hung_up (Unix.error_message error)))
    | exception Unix.Unix_error (error, _, _) -> raise (Hung_up (Unix.error_message error)));
    { socket; input = Bytes.create 65536; start = 0; stop = 0 }
  with error -> Unix.close socket; raise error

let rec first_that_opens client = function
  | [] -> raise (Hung_up "no address")
  | [ address ] -> open_socket client address
  | address :: others -> ( try open_socket client address with Hung_up _ -> first_that_opens client others)

let greet client link =
  match client.password with
  | None -> ()
  | Some password -> (
      send client link (encode [ [ "AUTH"; password ] ]);
      match parse client link with Refusal text -> failed client Refused "AUTH: %s" text | _ -> ())

let opened client =
  let link = first_that_opens client (addresses client) in
  (try greet client link with error -> Unix.close link.socket; raise error);
  link

(* Attempts until the deadline: the server may be starting. *)
let rec connected client =
  match client.link with
  | Some link when Unix.select [ link.socket ] [] [] 0. = ([], [], []) -> link
  | _ -> (
      hang_up client;
      match opened client with
      | link -> client.link <- Some link; link
      | exception Exit -> failed client No_connection "no connection in time"
      | exception Hung_up why ->
          if Unix.gettimeofday () +. retry >= client.deadline then failed client No_connection "no connection: %s" why;
          Unix.sleepf retry;
          connected client)

(* The replies to commands that are sent in one write. [repeatable]: doing it twice is doing it once. *)
let exchange ?(repeatable = true) client what commands =
  client.deadline <- Unix.gettimeofday () +. client.seconds;
  let request = encode commands in
  let rec again () =
    let link = connected client in
    match send client link request; List.map (fun _ -> parse client link) commands with
    | replies -> replies
    | exception Exit -> hang_up client; failed client Timed_out "no answer within %g s to %s" client.seconds what
    | exception Hung_up why ->
        hang_up client;
        if repeatable && Unix.gettimeofday () +. retry < client.deadline then (Unix.sleepf retry; again ())
        else failed client Broken "%s: %s" what why
    | exception error -> hang_up client; raise error
  in
  let replies = again () in
  let rec check = function
    | Refusal text -> failed client Refused "%s: %s" what text
    | Array items -> List.iter check items
    | _ -> ()
  in
  List.iter check replies;
  replies

let clients = ref 0

let own_prefix () =
  incr clients;
  Printf.sprintf "gymcc.scratch.%d-%h-%d." (Unix.getpid ()) (Unix.gettimeofday ()) !clients

let connect ?address ?password ?(seconds = 5.) () =
  let given value variable = match value with Some _ -> value | None -> Sys.getenv_opt variable in
  let address = Option.value (given address "SSDB") ~default:"" in
  let password = given password "GYMCC_PASSWORD" in
  let client = { address; password; seconds; deadline = 0.; link = None; scratch = own_prefix (); used = [] } in
  if address = "" then raise (Failed (Bad_argument, "no address: give one, or set SSDB to host:port or unix://path"));
  ignore (exchange client "PING" [ [ "PING" ] ]);
  client

(* The server drops the client's tensors, for which nobody waits. *)
let close client =
  (match client.link with
  | Some link when client.used <> [] -> (
      client.deadline <- Unix.gettimeofday () +. retry;
      try send client link (encode [ "DEL" :: client.used ]) with Exit | Hung_up _ -> ())
  | _ -> ());
  client.used <- [];
  hang_up client

(* What is offered *)

let tensor_set client key tensor =
  if not (is_tensor tensor) then
    failed client Bad_argument "%s is no tensor: its dimensions are positive and say how many numbers it has" key;
  [ "AI.TENSORSET"; key; name_of tensor.dtype ] @ List.map string_of_int tensor.shape
  @ [ "BLOB"; Bytes.to_string tensor.data ]

let tensor_get key = [ "AI.TENSORGET"; key; "META"; "BLOB" ]

let tensor_of client what reply =
  let no_tensor () = failed client Bad_answer "%s: the answer is no tensor" what in
  match reply with
  | Array [ _; Text dtype; _; Array shape; _; Text data ] -> (
      let size = function Integer n -> n | _ -> no_tensor () in
      match List.find_opt (fun (_, (name, _)) -> name = dtype) dtypes with
      | None -> no_tensor ()
      | Some (dtype, _) ->
          let tensor = { dtype; shape = List.map size shape; data = Bytes.of_string data } in
          if is_tensor tensor then tensor else no_tensor ())
  | _ -> no_tensor ()

let put_tensor client key tensor = ignore (exchange client "AI.TENSORSET" [ tensor_set client key tensor ])

let get_tensor client key =
  tensor_of client "AI.TENSORGET" (List.hd (exchange client "AI.TENSORGET" [ tensor_get key ]))

let rec drop n list = if n = 0 then list else drop (n - 1) (List.tl list)

let infer client model inputs n =
  let what = "model " ^ model in
  if inputs = [] || n < 1 then failed client Bad_argument "%s: one input and one output at least are needed" what;
  let keys letter count = List.init count (Printf.sprintf "%s%c%d" client.scratch letter) in
  let ins = keys 'i' (List.length inputs) and outs = keys 'o' n in
  let counted keys = string_of_int (List.length keys) :: keys in
  let run = [ "AI.MODELEXECUTE"; model; "INPUTS" ] @ counted ins @ ("OUTPUTS" :: counted outs) in
  let commands = List.map2 (tensor_set client) ins inputs @ [ run ] @ List.map tensor_get outs in
  client.used <- List.sort_uniq compare (ins @ outs @ client.used);
  List.map (tensor_of client what) (drop (List.length ins + 1) (exchange client what commands))

let decide client policy ~observation ~mask =
  let legal = Array.map (fun legal -> if legal then 1. else 0.) mask in
  let inputs = [ floats [ 1; Array.length observation ] observation; floats [ 1; Array.length mask ] legal ] in
  let scores = to_floats (List.hd (infer client policy inputs 1)) in
  if Array.length scores <> Array.length mask then
    failed client Bad_answer "model %s: the answer is not a score of each of %d actions" policy (Array.length mask);
  let best = ref 0 in
  Array.iteri (fun action score -> if score > scores.(!best) then best := action) scores;
  (!best, scores)

(* Field .tensor_names: a byte for the type, then each name after its size, 8 bytes little-endian. *)
let tensor_names names =
  let buffer = Buffer.create 64 in
  Buffer.add_char buffer '\007';
  List.iter
    (fun name ->
      Buffer.add_int64_le buffer (Int64.of_int (String.length name));
      Buffer.add_string buffer name)
    names;
  Buffer.contents buffer

let upload client ?(prefix = "") ~list ~dataset parts =
  let owner = if prefix = "" then "" else prefix ^ "." in
  let key = Printf.sprintf "%s{%s}" owner dataset in
  let meta = key ^ ".meta" in
  if list = "" || dataset = "" || parts = [] then
    failed client Bad_argument "names of a list and a dataset, and a tensor, are needed";
  let puts = List.map (fun (name, tensor) -> tensor_set client (key ^ "." ^ name) tensor) parts in
  let commands =
    [ [ "DEL"; meta ]; [ "HMSET"; meta; ".tensor_names"; tensor_names (List.map fst parts) ] ]
    @ puts
    @ [ [ "HSET"; meta; ".COMPLETE"; "1" ]; [ "RPUSH"; owner ^ list; key ] ]
  in
  ignore (exchange ~repeatable:false client "upload" commands)

let command client parts =
  match parts with
  | [] -> failed client Bad_argument "a command needs a name"
  | name :: _ -> List.hd (exchange ~repeatable:false client name [ parts ])
