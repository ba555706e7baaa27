-- three numbers in order
function sort3()
    local a = receive()
    local b = receive()
    local c = receive()
    local ab = a > b
    local lo = if_mux(ab, b, a)
    local hi = if_mux(ab, a, b)
    local bc = hi > c
    local mid = if_mux(bc, c, hi)
    local top = if_mux(bc, hi, c)
    local last = lo > mid
    send(if_mux(last, mid, lo))
    send(if_mux(last, lo, mid))
    send(top)
    sort3()
end

sort3()
