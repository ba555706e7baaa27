-- sum and carry of two bits
function halfadder()
    local a = receive()
    local b = receive()
    local carry = a and b
    local sum = (a or b) and not (carry)
    send(sum)
    send(carry)
    halfadder()
end

halfadder()
