-- route a value to one of two outputs, zero to the other
function demultiplex()
    local line = receive()
    local x = receive()
    local first = if_mux(line, 0, x)
    local second = if_mux(line, x, 0)
    send(first)
    send(second)
    demultiplex()
end

demultiplex()
