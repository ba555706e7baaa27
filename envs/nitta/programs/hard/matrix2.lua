-- product of a fixed and a received matrix
function matrix2()
    local p, q = receive(), receive()
    local r, s = receive(), receive()
    local a = 3
    local b = -1
    local c = 2
    local d = 4
    send(a * p + b * r)
    send(a * q + b * s)
    send(c * p + d * r)
    send(c * q + d * s)
    matrix2()
end

matrix2()
