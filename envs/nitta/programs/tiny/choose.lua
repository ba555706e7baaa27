-- one of two inputs, as a third one says
function choose()
    local a, b = receive(), receive()
    local which = receive()
    send(if_mux(which, a, b))
    choose()
end

choose()
