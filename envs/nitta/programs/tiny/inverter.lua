-- one logic gate
function inverter()
    local a = receive()
    send(not a)
    inverter()
end

inverter()
