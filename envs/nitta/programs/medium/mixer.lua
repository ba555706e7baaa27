-- two channels in, two out, four gains
function mixer()
    local left = receive()
    local right = receive()
    local near = 13
    local far = 5
    local l = near * left + far * right
    local r = near * right + far * left
    send(l >> 4)
    send(r >> 4)
    mixer()
end

mixer()
