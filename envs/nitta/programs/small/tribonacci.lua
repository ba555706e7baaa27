-- each number is the sum of the three before
function tribonacci(a, b, c)
    local d = a + b + c
    send(a)
    tribonacci(b, c, d)
end

tribonacci(0, 0, 1)
