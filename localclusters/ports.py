"""Ports of 127.0.0.1 that stay one cluster's own while its API server is not there to hold them.

A bound socket that does not listen keeps the port from everybody else; kube-apiserver can take it over all the
same, because both allow port sharing (SO_REUSEPORT, `--permit-port-sharing`). Clients are refused meanwhile.
"""

import random
import socket

# Below the range from which systems take the ports of outgoing connections.
LOWEST, HIGHEST = 20000, 32000


def hold_free_port() -> socket.socket:
    """A socket that holds a free port until it is closed."""
    candidates = random.sample(range(LOWEST, HIGHEST), 200)
    for port in candidates:
        try:
            if not is_taken(port):
                return hold_port(port)
        except OSError:
            continue
    return hold_port(0)


def hold_port(port: int) -> socket.socket:
    """A socket that holds this port; OSError when another program has it."""
    holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind(("127.0.0.1", port))
    except OSError:
        holder.close()
        raise
    return holder


def is_taken(port: int) -> bool:
    """Whether any program, one that shares ports included, has this port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def number(holder: socket.socket) -> int:
    """The port that the socket holds."""
    return int(holder.getsockname()[1])
