-- linearise, filter, limit and format a measurement
function sensor(mean)
    local raw = receive()
    local x = raw - 512
    local y = (x * x >> 8) + 3 * x + 40
    local m = mean + (y - mean >> 3)
    local low = m < 0
    local clean = if_mux(low, 0, m)
    local tens, units = clean / 10
    local hundreds, t = tens / 10
    local alarm = hundreds > 8
    send(units)
    send(t)
    send(hundreds)
    send(alarm)
    sensor(m)
end

sensor(0)
