-- attenuate by 6 dB
function halve()
    local x = receive()
    local y = x >> 1
    send(y)
    halve()
end

halve()
