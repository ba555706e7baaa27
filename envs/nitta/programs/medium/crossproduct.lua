-- vector product in space
function crossproduct()
    local ax, ay, az = receive(), receive(), receive()
    local bx, by, bz = receive(), receive(), receive()
    send(ay * bz - az * by)
    send(az * bx - ax * bz)
    send(ax * by - ay * bx)
    crossproduct()
end

crossproduct()
