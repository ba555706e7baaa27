-- adaptive filter with two weights
function lms2(w0, w1, x1)
    local x0, wanted = receive(), receive()
    local e = wanted - (w0 * x0 + w1 * x1)
    local v0 = w0 + (e * x0 >> 6)
    local v1 = w1 + (e * x1 >> 6)
    send(e)
    lms2(v0, v1, x0)
end

lms2(1, 0, 0)
