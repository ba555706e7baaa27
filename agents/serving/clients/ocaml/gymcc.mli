(** Ask a policy on a GymCC server for decisions. Needs OCaml 4.10 and its Unix library.

    {[
      let client = Gymcc.connect ~address:"unix:///run/gymcc.sock" ()
      let action, scores = Gymcc.decide client "ocaml" ~observation ~mask
    ]}

    Every call ends within the client's time limit. A connection that broke is made again by the next call. A client is
    for one thread. *)

type failure =
  | Bad_argument  (** nothing was sent *)
  | No_connection
  | Timed_out  (** whether the server did what it was asked is unknown *)
  | Broken  (** the connection; whether the server did what it was asked is unknown *)
  | Refused  (** by the server, whose words end the message *)
  | Bad_answer  (** not what the protocol says *)

(** What went wrong; the message says what was asked, and of whom. *)
exception Failed of failure * string

type t

(** [address]: [host:port], [[ipv6]:port] or [unix://path]; without one the environment variable [SSDB] says it.
    [password]: without one the environment variable [GYMCC_PASSWORD], if there is one. [seconds]: for each call,
    reconnecting included; 5 without. *)
val connect : ?address:string -> ?password:string -> ?seconds:float -> unit -> t

val close : t -> unit

type dtype = Float | Double | Int8 | Int16 | Int32 | Int64 | Uint8 | Uint16

(** [data]: row-major, little-endian. *)
type tensor = { dtype : dtype; shape : int list; data : Bytes.t }

(** A tensor of 32-bit numbers. *)
val floats : int list -> float array -> tensor

(** A tensor of 64-bit integers. *)
val ints : int list -> int array -> tensor

(** Of a tensor of [Float] or [Double]. *)
val to_floats : tensor -> float array

(** Of a tensor of integers. *)
val to_ints : tensor -> int array

(** [infer client model inputs n]: the [n] first outputs of a model, in one exchange. The server keeps the tensors,
    under names of their own, until the client is closed. *)
val infer : t -> string -> tensor list -> int -> tensor list

(** The legal action with the highest score, and all scores. *)
val decide : t -> string -> observation:float array -> mask:bool array -> int * float array

val put_tensor : t -> string -> tensor -> unit
val get_tensor : t -> string -> tensor

(** Store tensors as the dataset [dataset] and append it to [list]: what a trainer learns from. One exchange, which is
    not repeated when the connection breaks. [prefix]: of the uploader, see [SSKEYOUT]. *)
val upload : t -> ?prefix:string -> list:string -> dataset:string -> (string * tensor) list -> unit

type reply = Nil | Text of string | Integer of int | Array of reply list | Refusal of string

(** Any command of the protocol. *)
val command : t -> string list -> reply
