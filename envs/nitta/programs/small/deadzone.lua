-- small signals count as none
function deadzone()
    local x = receive()
    local inside = (x < 4) and (x > -4)
    send(if_mux(inside, 0, x))
    deadzone()
end

deadzone()
