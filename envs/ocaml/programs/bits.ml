(* Bit tricks and checksums: helpers that cost more to call than to do. *)
let bit x i = (x lsr i) land 1
let set x i = x lor (1 lsl i)
let rotate x k = ((x lsl k) lor (x lsr (24 - k))) land 0xFFFFFF
let rec popcount x = if x = 0 then 0 else (x land 1) + popcount (x lsr 1)
let parity x = popcount x land 1
let gray x = x lxor (x lsr 1)
let crc_step crc b = let c = crc lxor b in if bit c 0 = 1 then (c lsr 1) lxor 0xEDB883 else c lsr 1
let crc x =
  let c = ref 0xFFFFFF in
  for i = 0 to 23 do c := crc_step !c (bit x i) done;
  !c
let reverse x = let r = ref 0 in for i = 0 to 23 do if bit x i = 1 then r := set !r (23 - i) done; !r
let hash x = rotate (x lxor gray (x * 0x9E37 land 0xFFFFFF)) 7
let () =
  let total = ref 0 in
  for i = 1 to 2800 do
    let h = hash i in
    total := (!total + crc h + (parity h * reverse i)) land 0xFFFFFF
  done;
  print_int !total; print_newline ()
