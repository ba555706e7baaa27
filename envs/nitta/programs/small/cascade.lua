-- two leaky integrators, one behind the other
function cascade(a, b)
    local x = receive()
    local na = a + (x - a >> 2)
    local nb = b + (na - b >> 4)
    send(nb)
    cascade(na, nb)
end

cascade(0, 0)
