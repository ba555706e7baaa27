"""``python -m gymcc.agents.launch.port IP PORT`` prints the address at which Ray's head can listen on this node.

An empty IP: the one by which this host reaches others. Port 0: a free one. Ends with status 1 if the port is in use.
"""

from __future__ import annotations

import os
import socket
import sys


def main(ip: str, port: int) -> int:
    """Print ``ip:port``, or say why not."""
    try:
        with socket.create_server((ip or own_address(), port)) as server:
            found, free = server.getsockname()[:2]
    except OSError as error:
        said = f"port {port} on {socket.gethostname()}: {os.strerror(error.errno) if error.errno else error}"
        print(f"gymcc: {said}; choose another --port, or 0 for a free one", file=sys.stderr)
        return 1
    print(f"{found}:{free}")
    return 0


def own_address() -> str:
    """The IPv4 address of the interface with the default route, or of the host's name where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # of the range for examples: nothing is sent
        except OSError:
            return socket.gethostbyname(socket.gethostname())
        address: str = probe.getsockname()[0]
        return address


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
