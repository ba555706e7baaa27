-- two second order sections, one behind the other
function iir4(a1, a2, b1, b2)
    local x = receive()
    local a0 = x - 3 * a1 + 2 * a2
    local u = 4 * a0 + 8 * a1 + 4 * a2 >> 4
    local b0 = u - 5 * b1 + 6 * b2
    local y = 7 * b0 + 9 * b1 + 7 * b2 >> 4
    send(y)
    iir4(a0, a1, b0, b1)
end

iir4(0, 0, 0, 0)
