-- inner product of two vectors of the plane
function dot2()
    local ax, ay = receive(), receive()
    local bx, by = receive(), receive()
    send(ax * bx + ay * by)
    dot2()
end

dot2()
