"""A listening TCP socket for what the demo and the page serve; the one place that knows about free ports."""

import errno
import socket

BACKLOG = 64


def listen(host: str, port: int, any_port: bool) -> socket.socket:
    """Bound and listening. With `any_port` a port in use is exchanged for a free one; else OSError."""
    try:
        return _bound(host, port)
    except OSError as error:
        if any_port and error.errno == errno.EADDRINUSE:
            return _bound(host, 0)
        raise


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a restart need not wait for TIME_WAIT
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
