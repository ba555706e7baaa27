-- two-point control with hysteresis
function thermostat(on)
    local t = receive()
    local hot = t > 22
    local cold = t < 18
    local heat = (on and not (hot)) or cold
    send(heat)
    thermostat(heat)
end

thermostat(0)
