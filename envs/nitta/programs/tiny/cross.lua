-- two channels, exchanged
function cross()
    local left = receive()
    local right = receive()
    send(right)
    send(left)
    cross()
end

cross()
