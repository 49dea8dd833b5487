"""A Radio with a receiver behind it: a stick on a serial port, a socket or a pipe, listened to in a thread of its own.

A stick that is pulled is opened and set up again when it is back; meanwhile `fault` says so.
"""

import os
import stat
import threading
import time

from drivers.pipe_stream import PipeStream
from drivers.radio import Radio
from drivers.serial_stream import SerialStream
from drivers.socket_stream import PREFIX, SocketStream
from drivers.wmbus_sticks import make
from hal.faults import DeviceError
from hal.ports import Dialogue

CHUNK = 4096
WAIT_MS = 200  # silence after which an unfinished frame is none
SETUP_S = 0.2  # a stick takes a moment for each command
BACKOFF_S = (1.0, 30.0)  # first and longest wait before it is opened again
CLOSE_S = 2.0
UNOPENED = "not yet opened"


class RadioPort(Radio):
    """`start` may be called by each that needs it."""

    def __init__(self, stick: str, port: str, mode: str, baud: int = 0) -> None:
        """`baud` 0 is the stick's own."""
        super().__init__(make(stick))
        self.fault = f"{port}: {UNOPENED}"
        self._port = port
        self._baud = baud or self.stick.BAUD
        self._setup = self.stick.setup(mode)
        self._stopping = threading.Event()
        self._thread: "threading.Thread | None" = None
        self._lock = threading.Lock()

    def start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="radio", daemon=True)
                self._thread.start()

    def close(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(CLOSE_S)

    def _run(self) -> None:
        stream, wait_s = self._stream(), BACKOFF_S[0]
        while not self._stopping.is_set():
            try:
                for words in self._setup:
                    stream.write(words)
                    self._stopping.wait(SETUP_S)
                while not self._stopping.is_set():
                    data = stream.read(CHUNK, WAIT_MS)
                    self.fault, wait_s = "", BACKOFF_S[0]
                    self.take(data, time.monotonic_ns() // 1_000_000)
            except DeviceError as error:
                self.fault = error.detail
                self.stick.pause()
                self._stopping.wait(wait_s)
                wait_s = min(2 * wait_s, BACKOFF_S[1])
                stream = self._stream()
        close = getattr(stream, "close", None)
        if close is not None:
            close()

    def _stream(self) -> Dialogue:
        if self._port.startswith(PREFIX):
            return SocketStream(self._port)
        try:
            mode = os.stat(self._port).st_mode
        except OSError:
            mode = stat.S_IFCHR  # not there yet: most likely a stick that is not plugged in
        return SerialStream(self._port, self._baud) if stat.S_ISCHR(mode) else PipeStream(self._port)
