-- motor control: three actions, integral and output limited
function drive(sum, before)
    local top = 1000
    local bottom = -1000
    local e = receive() - receive()
    local i = sum + e
    local over = i > top
    local j = if_mux(over, top, i)
    local d = e - before
    local u = 20 * e + (3 * j >> 4) + 5 * d
    local high = u > top
    local v = if_mux(high, top, u)
    local low = v < bottom
    local w = if_mux(low, bottom, v)
    send(w)
    drive(j, e)
end

drive(0, 0)
