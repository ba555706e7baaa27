(* Fourier transform on arrays of complex records. *)
type complex = { re : float; im : float }
let complex re im = { re = re; im = im }
let add a b = complex (a.re +. b.re) (a.im +. b.im)
let sub a b = complex (a.re -. b.re) (a.im -. b.im)
let mul a b = complex ((a.re *. b.re) -. (a.im *. b.im)) ((a.re *. b.im) +. (a.im *. b.re))
let polar angle = complex (cos angle) (sin angle)
let norm2 a = (a.re *. a.re) +. (a.im *. a.im)
let pi = 3.14159265358979
let rec fft a n step offset =
  if n = 1 then Array.make 1 a.(offset)
  else begin
    let half = n / 2 in
    let even = fft a half (2 * step) offset in
    let odd = fft a half (2 * step) (offset + step) in
    let out = Array.make n (complex 0.0 0.0) in
    for k = 0 to half - 1 do
      let t = mul (polar (-2.0 *. pi *. float_of_int k /. float_of_int n)) odd.(k) in
      out.(k) <- add even.(k) t;
      out.(k + half) <- sub even.(k) t
    done;
    out
  end
let () =
  let n = 2048 in
  let a = Array.make n (complex 0.0 0.0) in
  for i = 0 to n - 1 do a.(i) <- complex (float_of_int ((i * 7) mod 13)) 0.0 done;
  let f = fft a n 1 0 in
  let total = ref 0.0 in
  for i = 0 to n - 1 do total := !total +. sqrt (norm2 f.(i)) done;
  print_int (int_of_float (!total /. 10.0)); print_newline ()
