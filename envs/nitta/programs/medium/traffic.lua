-- red, red and yellow, green, yellow: a two bit Gray counter that waits for a sensor
function traffic(s1, s0)
    local go = receive()
    local stay = not go
    local n1 = (go and s0) or (stay and s1)
    local n0 = (go and not (s1)) or (stay and s0)
    send(n1)
    send(n0)
    traffic(n1, n0)
end

traffic(0, 0)
