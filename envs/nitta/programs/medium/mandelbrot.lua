-- z squared plus c, and whether it ran away
function mandelbrot(re, im)
    local cr, ci = receive(), receive()
    local a = re * re
    local b = im * im
    local far = a + b > 1024
    local nr = a - b + cr
    local ni = (re * im << 1) + ci
    send(far)
    mandelbrot(nr, ni)
end

mandelbrot(0, 0)
