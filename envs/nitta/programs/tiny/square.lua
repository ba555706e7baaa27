-- power of a signal, sample by sample
function square()
    local x = receive()
    send(x * x)
    square()
end

square()
