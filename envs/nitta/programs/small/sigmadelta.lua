-- drop three bits, carry what was dropped to the next sample
function sigmadelta(carry)
    local t = receive() + carry
    local y = (t >> 3) << 3
    send(y)
    sigmadelta(t - y)
end

sigmadelta(0)
