-- a lift between two floors: buttons, door, motor
function lift(up, open)
    local call0, call1 = receive(), receive()
    local top, ground = receive(), receive()
    local want = (call1 and not (top)) or (call0 and not (ground))
    local there = top or ground
    local nopen = there and not (want)
    local nup = (up and not (top)) or (call1 and ground)
    local move = want and not (open)
    local motor = if_mux(nup, 1, -1)
    send(if_mux(move, motor, 0))
    send(nopen)
    lift(nup, nopen)
end

lift(0, 0)
