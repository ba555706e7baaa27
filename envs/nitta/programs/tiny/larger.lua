-- the larger of two inputs
function larger()
    local a = receive()
    local b = receive()
    local first = a >= b
    send(if_mux(first, a, b))
    larger()
end

larger()
