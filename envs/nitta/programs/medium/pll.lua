-- phase locked loop of second order, phase in degrees
function pll(phase, freq)
    local e = buffer(receive() - phase)
    local f = freq + (e >> 5)
    local turns, p = (phase + f + (e >> 2)) / 360
    local locked = e < 5
    send(p)
    send(locked)
    pll(p, f)
end

pll(0, 12)
