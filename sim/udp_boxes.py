"""Simulated wallboxes of KEBA on real UDP: each at an address of its own, all at their maker's port. Not on a board."""

import socket
import threading
import time

from sim.bank import Lock
from sim.twins.keba_udp import KebaUdpTwin

DEAF_S = 0.1  # so long after a command it hears no other
TICK_S = 0.05


class UdpBox:
    """One box; `lost` is how many commands came too soon."""

    def __init__(self, twin: KebaUdpTwin, port: int, lock: Lock) -> None:
        """Raises OSError when its address is none of this machine's, or taken."""
        self.lost = 0
        self._twin = twin
        self._lock = lock
        self._master: "tuple[str, int] | None" = None
        self._heard_s = 0.0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind((twin.host, port))
        except OSError:
            self._socket.close()
            raise
        self._socket.settimeout(TICK_S)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keba", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stopping.set()
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                data, self._master = self._socket.recvfrom(1_024)
            except TimeoutError:
                data = b""
            except OSError:
                continue
            with self._lock:
                said = self._twin.notes()
                if data and self._in_time():
                    said += self._twin.say(data.decode("ascii", "replace"))
            for text in said:
                if self._master is not None:
                    self._socket.sendto(text.encode(), self._master)

    def _in_time(self) -> bool:
        now_s = time.monotonic()
        before_s, self._heard_s = self._heard_s, now_s
        self.lost += now_s - before_s < DEAF_S
        return now_s - before_s >= DEAF_S
