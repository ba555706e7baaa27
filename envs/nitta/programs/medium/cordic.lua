-- one rotation step towards the x axis
function cordic()
    local x, y = receive(), receive()
    local down = y < 0
    local xs = x >> 1
    local ys = y >> 1
    local nx = if_mux(down, x - ys, x + ys)
    local ny = if_mux(down, y + xs, y - xs)
    send(nx)
    send(ny)
    cordic()
end

cordic()
