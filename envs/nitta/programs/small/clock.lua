-- days, hours, minutes and seconds
function clock()
    local minutes, s = receive() / 60
    local hours, m = minutes / 60
    local days, h = hours / 24
    send(days)
    send(h)
    send(m)
    send(s)
    clock()
end

clock()
