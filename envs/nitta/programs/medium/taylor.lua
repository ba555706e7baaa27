-- three terms of the sine series
function taylor()
    local x = receive()
    local x2 = x * x
    local x3 = x2 * x
    local x5 = x3 * x2
    local y = x - x3 / 6 + x5 / 120
    send(y)
    taylor()
end

taylor()
