-- a parabola by Horner's rule
function horner()
    local x = receive()
    local y = (3 * x - 7) * x + 11
    send(y)
    horner()
end

horner()
