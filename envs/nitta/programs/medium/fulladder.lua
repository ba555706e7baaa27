-- three bits, sum and carry, the carry returns
function fulladder(carry)
    local a = receive()
    local b = receive()
    local both = a and b
    local one = (a or b) and not (both)
    local pass = one and carry
    local sum = (one or carry) and not (pass)
    local c = both or pass
    send(sum)
    fulladder(c)
end

fulladder(0)
