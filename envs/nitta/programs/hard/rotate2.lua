-- two rotation steps towards the x axis, the first result kept in memory
function rotate2()
    local x0, y0 = receive(), receive()
    local down = y0 < 0
    local x1 = buffer(if_mux(down, x0 - y0, x0 + y0))
    local y1 = buffer(if_mux(down, y0 + x0, y0 - x0))
    local again = y1 < 0
    local u = y1 >> 1
    local v = buffer(x1 >> 1)
    local x2 = if_mux(again, x1 - u, x1 + u)
    local y2 = if_mux(again, y1 + v, y1 - v)
    send(x2)
    send(y2)
    rotate2()
end

rotate2()
