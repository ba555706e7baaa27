-- the sample before this one
function delay(last)
    local x = receive()
    send(last)
    delay(x)
end

delay(0)
