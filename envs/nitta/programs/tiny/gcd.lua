-- one step of Euclid per cycle
function gcd(a, b)
    local q, r = a / b
    send(r)
    gcd(b, r)
end

gcd(1071, 462)
