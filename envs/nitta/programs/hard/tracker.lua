-- position, speed and acceleration from noisy positions
function tracker(pos, vel, acc)
    local z = receive()
    local p = pos + vel + (acc >> 1)
    local v = vel + acc
    local r = buffer(z - p)
    local np = p + (10 * r >> 4)
    local nv = v + (6 * r >> 4)
    local na = acc + (2 * r >> 4)
    local lost = r > 500
    send(np)
    send(nv)
    send(lost)
    tracker(np, nv, na)
end

tracker(0, 0, 0)
