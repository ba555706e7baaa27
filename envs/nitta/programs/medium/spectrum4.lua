-- discrete Fourier transform of four real samples
function spectrum4()
    local a, b = receive(), receive()
    local c, d = receive(), receive()
    local even = a + c
    local odd = b + d
    send(even + odd)
    send(even - odd)
    send(a - c)
    send(d - b)
    spectrum4()
end

spectrum4()
