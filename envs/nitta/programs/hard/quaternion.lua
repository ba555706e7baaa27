-- turn a quaternion by a fixed one
function quaternion()
    local w, x = receive(), receive()
    local y, z = receive(), receive()
    local a = 7
    local b = 2
    local c = 3
    send(a * w - b * x - c * y)
    send(a * x + b * w + c * z)
    send(a * y - b * z + c * w)
    send(a * z + b * y - c * x)
    quaternion()
end

quaternion()
