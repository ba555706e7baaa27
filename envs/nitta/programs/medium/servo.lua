-- proportional, integral and derivative action, set point from outside
function servo(sum, before)
    local kp = 12
    local ki = 3
    local kd = 7
    local want, is = receive(), receive()
    local e = want - is
    local i = sum + e
    local d = e - before
    local u = kp * e + ki * i + kd * d
    send(u)
    servo(i, e)
end

servo(0, 0)
