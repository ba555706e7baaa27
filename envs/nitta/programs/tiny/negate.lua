-- change the sign of every sample
function negate()
    local x = receive()
    send(-x)
    negate()
end

negate()
