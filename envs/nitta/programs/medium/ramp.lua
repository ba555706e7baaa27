-- follow a set point, no faster than the limit
function ramp(y)
    local step = 8
    local d = receive() - y
    local up = d > step
    local a = if_mux(up, step, d)
    local down = a < -8
    local b = if_mux(down, -8, a)
    local n = y + b
    send(n)
    ramp(n)
end

ramp(0)
