-- rectifier: the sign is taken away
function magnitude()
    local x = receive()
    local below = x < 0
    local y = if_mux(below, -x, x)
    send(y)
    magnitude()
end

magnitude()
