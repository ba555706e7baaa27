-- cosine transform of four samples
function dct4()
    local a, b = receive(), receive()
    local c, d = receive(), receive()
    local wide = 17
    local slim = 7
    local s0 = a + d
    local s1 = b + c
    local d0 = a - d
    local d1 = b - c
    send(s0 + s1)
    send(wide * d0 + slim * d1 >> 4)
    send(s0 - s1)
    send(slim * d0 - wide * d1 >> 4)
    dct4()
end

dct4()
