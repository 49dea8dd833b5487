"""UDP to wallboxes of KEBA: all of them through one socket, for each answers to our port 7090 only.

A box bears one text every 100 ms; sooner it may not hear it. What gets lost is said once more.
"""

import socket
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from hal.faults import TIMEOUT, DeviceError
from hal.ports import Talk

PORT = 7090
GAP_S = 0.11  # maker's guide: at least 100 ms between two commands
ANSWER_S = 0.6
TRIES = 2
MOST_BYTES = 4_096
MOST_NOTES = 16  # kept of each box
MOST_OTHERS = 200  # texts that are no answer while one is waited for


class KebaTalk(Talk):
    """Opened when it is first used."""

    def __init__(self, interface: str = "", port: int = PORT) -> None:
        self._place = (interface, port)
        self._socket: "socket.socket | None" = None
        self._spoken_s: "dict[str, float]" = {}
        self._notes: "dict[str, deque[str]]" = {}

    def ask(self, host: str, words: str, fits: "Any") -> str:
        """`fits`: a function of a text."""
        end = self._opened()
        self._notes.setdefault(host, deque(maxlen=MOST_NOTES))
        self._gather(end)  # what came before the question is no answer to it
        for _ in range(TRIES):
            self._say(end, host, words)
            found = self._answer(end, host, fits)
            if found is not None:
                return found
        raise DeviceError(TIMEOUT, f"{host}: no answer to {words!r}")

    def told(self, host: str) -> "tuple[str, ...]":
        notes = self._notes.setdefault(host, deque(maxlen=MOST_NOTES))
        self._gather(self._opened())
        out = tuple(notes)
        notes.clear()
        return out

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _opened(self) -> socket.socket:
        if self._socket is None:
            end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                end.bind(self._place)
            except OSError as error:
                end.close()
                raise DeviceError(TIMEOUT, f"UDP port {self._place[1]}: {error.strerror}; does another program here "
                                           "talk to a KEBA?") from error
            self._socket = end
        return self._socket

    def _say(self, end: socket.socket, host: str, words: str) -> None:
        left_s = self._spoken_s.get(host, 0.0) + GAP_S - time.monotonic()
        if left_s > 0:
            time.sleep(left_s)
        try:
            end.sendto(words.encode(), (host, self._place[1]))
        except OSError as error:
            raise DeviceError(TIMEOUT, f"{host}: {error.strerror}") from error
        self._spoken_s[host] = time.monotonic()

    def _answer(self, end: socket.socket, host: str, fits: "Callable[[str], bool]") -> "str | None":
        until_s = time.monotonic() + ANSWER_S
        for _ in range(MOST_OTHERS):
            got = self._heard(end, until_s - time.monotonic())
            if got is None:
                return None
            sender, text = got
            if sender == host and fits(text):
                return text
            self._note(sender, text)
        return None

    def _gather(self, end: socket.socket) -> None:
        for _ in range(MOST_OTHERS):
            got = self._heard(end, 0.0)
            if got is None:
                return
            self._note(*got)

    def _note(self, sender: str, text: str) -> None:
        if sender in self._notes:
            self._notes[sender].append(text)

    def _heard(self, end: socket.socket, wait_s: float) -> "tuple[str, str] | None":
        end.settimeout(max(wait_s, 0.0))
        try:
            data, place = end.recvfrom(MOST_BYTES)
        except (TimeoutError, BlockingIOError):
            return None
        except OSError as error:
            self.close()
            raise DeviceError(TIMEOUT, f"UDP: {error.strerror}") from error
        return str(place[0]), data.decode("utf-8", "replace")
