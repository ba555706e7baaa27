-- degrees of one scale in the other
function fahrenheit()
    local c = receive()
    local f = c * 9 / 5 + 32
    send(f)
    fahrenheit()
end

fahrenheit()
