-- raise a flag above a level
function alarm()
    local level = 75
    local hot = receive() > level
    send(hot)
    alarm()
end

alarm()
