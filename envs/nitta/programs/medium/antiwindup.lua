-- proportional and integral action, the integral kept within limits
function antiwindup(sum)
    local hi = 400
    local lo = -400
    local e = 60 - receive()
    local i = sum + e
    local over = i > hi
    local a = if_mux(over, hi, i)
    local under = a < lo
    local b = if_mux(under, lo, a)
    send(6 * e + b)
    antiwindup(b)
end

antiwindup(0)
