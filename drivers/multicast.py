"""Datagrams of a multicast group as an inbox: one thread that listens, joins again and again, and never gives up.

A switch with IGMP snooping and no querier forgets who listens after some minutes, so the membership is renewed every
REJOIN_S. Several programs of one machine may listen (SO_REUSEADDR); who sends is told from the datagram alone.
"""

import socket
import struct
import threading
import time
from collections.abc import Callable

from drivers.inbox import Letters

REJOIN_S = 60.0
WAIT_S = 1.0
AGAIN_S = 5.0  # after a network that is not there
MOST_BYTES = 2_048


class Multicast(Letters):
    """`interface` is this machine's address on the network of the meters; "" lets the system choose."""

    def __init__(self, group: str, port: int, interface: str, name_of: "Callable[[bytes], str | None]") -> None:
        super().__init__()
        self.fault = ""  # in words, "" while it listens
        self._group = group
        self._port = port
        self._interface = interface or "0.0.0.0"
        self._name_of = name_of
        self._stopping = threading.Event()
        self._thread: "threading.Thread | None" = None

    def watch(self, name: str) -> None:
        """The first one opens the ear."""
        super().watch(name)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="multicast", daemon=True)
            self._thread.start()

    def close(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(2 * WAIT_S)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
                    self._listen(ear)
            except OSError as error:  # no such interface yet, or the network went away
                self.fault = error.strerror or str(error)
                self._stopping.wait(AGAIN_S)

    def _listen(self, ear: socket.socket) -> None:
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        ear.bind((self._group, self._port))
        ear.settimeout(WAIT_S)
        membership = struct.pack("4s4s", socket.inet_aton(self._group), socket.inet_aton(self._interface))
        joined_s = float("-inf")
        while not self._stopping.is_set():
            if time.monotonic() - joined_s > REJOIN_S:
                if joined_s > 0:
                    ear.setsockopt(socket.IPPROTO_IP, socket.IP_DROP_MEMBERSHIP, membership)
                ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
                joined_s = time.monotonic()
                self.fault = ""
            try:
                datagram = ear.recv(MOST_BYTES)
            except TimeoutError:
                continue
            name = self._name_of(datagram)
            if name is not None:
                self.put(name, datagram)
