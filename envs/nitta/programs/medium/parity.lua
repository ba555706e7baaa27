-- whether an odd number of four bits is set
function parity()
    local a, b = receive(), receive()
    local c, d = receive(), receive()
    local p = (a or b) and not (a and b)
    local q = (c or d) and not (c and d)
    send((p or q) and not (p and q))
    parity()
end

parity()
