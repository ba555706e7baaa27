-- hours, minutes and seconds
function clock()
    local minutes, s = receive() / 60
    local h, m = minutes / 60
    send(h)
    send(m)
    send(s)
    clock()
end

clock()
