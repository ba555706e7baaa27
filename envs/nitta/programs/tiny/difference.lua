-- change from sample to sample
function difference(before)
    local x = receive()
    send(x - before)
    difference(x)
end

difference(0)
