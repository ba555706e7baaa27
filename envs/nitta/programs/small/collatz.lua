-- halve the even, triple the odd and add one
function collatz(n)
    local half, odd = n / 2
    local m = if_mux(odd, 3 * n + 1, half)
    send(m)
    collatz(m)
end

collatz(27)
