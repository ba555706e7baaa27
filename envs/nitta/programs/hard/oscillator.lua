-- two coupled oscillators, one step per cycle
function oscillator(p, v, q, w)
    local link = buffer(p - q >> 4)
    local force = receive()
    local nv = v - (p >> 3) - link + force
    local np = p + nv
    local nw = w - (q >> 3) + link
    local nq = q + nw
    local apart = np - nq
    send(np)
    send(nq)
    send(apart)
    oscillator(np, nv, nq, nw)
end

oscillator(100, 0, 40, 0)
