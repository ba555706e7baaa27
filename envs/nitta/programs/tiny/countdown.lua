-- count down from a hundred
function countdown(n)
    local m = n - 1
    send(n)
    countdown(m)
end

countdown(100)
