-- middle one of the last three samples
function median3(b, c)
    local a = receive()
    local less = a < b
    local lo = if_mux(less, a, b)
    local hi = if_mux(less, b, a)
    local under = hi < c
    local cap = if_mux(under, hi, c)
    local over = lo > cap
    local m = if_mux(over, lo, cap)
    send(m)
    median3(a, b)
end

median3(0, 0)
