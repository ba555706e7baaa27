-- four operations on an accumulator, chosen by two bits, with flags
function alu(acc)
    local high, low = receive(), receive()
    local x = receive()
    local add = acc + x
    local sub = acc - x
    local product = acc * x >> 4
    local linear = buffer(if_mux(low, add, sub))
    local other = buffer(if_mux(low, product, x))
    local r = buffer(if_mux(high, linear, other))
    local zero = r == 0
    local negative = r < 0
    local odd = high and not (low)
    send(r)
    send(zero or odd)
    send(negative)
    alu(r)
end

alu(1)
