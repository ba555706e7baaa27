-- page number to byte address, pages of 4 KiB
function page()
    send(receive() << 12)
    page()
end

page()
