-- two tap filter with named coefficients
function fir2(older)
    local near = 5
    local far = -3
    local x = receive()
    local y = near * x + far * older
    send(y)
    fir2(x)
end

fir2(0)
