-- pseudo-random numbers, linear congruence
function congruential(x)
    local q, r = (x * 75 + 74) / 65537
    send(r)
    congruential(r)
end

congruential(1)
