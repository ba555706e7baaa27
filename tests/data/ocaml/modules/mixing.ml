let twist x = (x * 31) lxor (x lsr 3)
let mix a b = twist a + twist b

module Low = struct
  let bits x = x land 0xffff
  let mixed a b = bits (mix a b)
end
