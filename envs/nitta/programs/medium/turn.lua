-- a matrix and a vector, all from outside
function turn()
    local a, b = receive(), receive()
    local c, d = receive(), receive()
    local x, y = receive(), receive()
    send(a * x + b * y)
    send(c * x + d * y)
    turn()
end

turn()
