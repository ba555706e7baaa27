-- resonator that listens for one tone
function goertzel(s1, s2)
    local c = 3
    local s0 = receive() + c * s1 - s2
    send(s0)
    goertzel(s0, s1)
end

goertzel(0, 0)
