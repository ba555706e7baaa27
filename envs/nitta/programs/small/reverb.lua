-- add half of what went out three samples ago
function reverb(a, b, c)
    local y = receive() + (c >> 1)
    send(y)
    reverb(y, a, b)
end

reverb(0, 0, 0)
