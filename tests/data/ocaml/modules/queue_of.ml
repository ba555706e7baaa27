type 'a t = { front : 'a list; back : 'a list }

let empty = { front = []; back = [] }
let rec reversed onto = function [] -> onto | x :: rest -> reversed (x :: onto) rest
let push x q = { q with back = x :: q.back }
let normal q = match q.front with [] -> { front = reversed [] q.back; back = [] } | _ -> q
let pop q = match (normal q).front with [] -> None | x :: rest -> Some (x, { (normal q) with front = rest })

module Size = struct
  let of_list l = List.length l
  let get q = of_list q.front + of_list q.back
end
