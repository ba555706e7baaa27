-- check digit: double every other digit, add, take the last place
function luhn(sum, other)
    local digit = receive()
    local twice = digit + digit
    local carry, low = twice / 10
    local folded = carry + low
    local add = if_mux(other, folded, digit)
    local s = sum + add
    local tens, check = s / 10
    send(check)
    luhn(s, not other)
end

luhn(0, 0)
