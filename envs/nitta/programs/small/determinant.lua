-- of a two by two matrix
function determinant()
    local a = receive()
    local b = receive()
    local c = receive()
    local d = receive()
    local ad = a * d
    local bc = b * c
    send(ad - bc)
    determinant()
end

determinant()
