-- predators and prey, one Euler step per cycle
function foxes(rabbits, hunters)
    local met = rabbits * hunters >> 8
    local r = rabbits + (rabbits >> 3) - met
    local h = hunters + (met >> 1) - (hunters >> 2)
    send(r)
    send(h)
    foxes(r, h)
end

foxes(300, 40)
