-- a lamp that changes every cycle
function blink(lit)
    local next = not lit
    send(lit)
    blink(next)
end

blink(0)
