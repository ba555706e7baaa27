-- proportional and integral action on a fixed set point
function regulator(integral)
    local setpoint = 50
    local gain = 4
    local e = setpoint - receive()
    local i = integral + e
    local u = gain * e + i
    send(u)
    regulator(i)
end

regulator(0)
