-- a cubic by Estrin's scheme
function estrin()
    local x = receive()
    local low = 5 + 9 * x
    local high = 4 + 2 * x
    local x2 = x * x
    send(low + high * x2)
    estrin()
end

estrin()
