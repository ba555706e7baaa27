-- scalar Kalman filter, gain in parts of 256
function kalman1(x, p)
    local noise = 9
    local z = receive()
    local p1 = p + 2
    local s = p1 + noise
    local k = (p1 << 8) / s
    local nx = x + (k * (z - x) >> 8)
    local np = p1 - (k * p1 >> 8)
    send(nx)
    kalman1(nx, np)
end

kalman1(0, 50)
