"""The service manager's watchdog: systemd's notification socket, which in its turn feeds the board's hardware watchdog.

Source: systemd, sd_notify(3): datagrams of `KEY=VALUE` to the socket named by NOTIFY_SOCKET.
"""

import os
import socket

from hal.ports import Watchdog


class SystemdWatchdog(Watchdog):
    """Says READY with the first good cycle and WATCHDOG with each. Does nothing where no service manager listens."""

    def __init__(self) -> None:
        path = os.environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + path[1:] if path.startswith("@") else path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) if path else None
        self._ready = False

    def feed(self) -> None:
        self._say(b"WATCHDOG=1" if self._ready else b"READY=1\nWATCHDOG=1")
        self._ready = True

    def _say(self, message: bytes) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendto(message, self._address)
        except OSError:
            return  # not fed: the service manager acts, which is its purpose
