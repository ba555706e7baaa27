-- what comes in goes out
function echo()
    send(receive())
    echo()
end

echo()
