-- eight tap filter, coefficients named
function fir8(x1, x2, x3, x4, x5, x6, x7)
    local x0 = receive()
    local a = 2 * x0 + 3 * x1
    local b = 5 * x2 + 9 * x3
    local c = 9 * x4 + 5 * x5
    local d = 3 * x6 + 2 * x7
    send(a + b + c + d)
    fir8(x0, x1, x2, x3, x4, x5, x6)
end

fir8(0, 0, 0, 0, 0, 0, 0)
