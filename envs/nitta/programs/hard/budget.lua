-- everything at once: a shop that counts, taxes, rounds and warns
function budget(stock, cash)
    local sold, price = receive(), receive()
    local rate = 4 * 5 - 1
    local short = sold > stock
    local count = if_mux(short, stock, sold)
    local net = count * price
    local tax, rest = net * rate / 100
    local up = rest >= 50
    local paid = net + tax + up
    local left = stock - count
    local refill = left < 10
    local more = if_mux(refill, 64, 0)
    local money = cash + net - (more << 1)
    local warn = refill and short
    send(paid)
    send(warn)
    budget(left + more, money)
end

budget(100, 0)
