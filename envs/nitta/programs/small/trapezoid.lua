-- integral by the trapezoidal rule
function trapezoid(area, before)
    local x = receive()
    local a = area + (x + before >> 1)
    send(a)
    trapezoid(a, x)
end

trapezoid(0, 0)
