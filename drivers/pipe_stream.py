"""A Stream over a file or a named pipe that a program writes to (rtl-wmbus, a recording that grows)."""

import os
import select
import stat
import time

from hal.faults import TIMEOUT, DeviceError
from hal.ports import Dialogue


class PipeStream(Dialogue):
    """Opened when it is first read and again after it was lost; a named pipe outlives its writer."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._fd: "int | None" = None

    def read(self, most: int, wait_ms: int) -> bytes:
        try:
            if self._fd is None:
                # both ways: so the pipe never ends when a writer leaves, and opening does not wait for one
                both = stat.S_ISFIFO(os.stat(self._path).st_mode)
                self._fd = os.open(self._path, (os.O_RDWR if both else os.O_RDONLY) | os.O_NONBLOCK | os.O_CLOEXEC)
            ready, _, _ = select.select([self._fd], [], [], wait_ms / 1000)
            data = os.read(self._fd, most) if ready else b""
        except OSError as error:
            self.close()
            raise DeviceError(TIMEOUT, f"{self._path}: {error.strerror}") from error
        if ready and not data:
            time.sleep(wait_ms / 1000)  # the end of a file: it may grow
        return data

    def write(self, data: bytes) -> None:
        """Nobody listens at the other end."""

    def set_baud(self, baud: int) -> None:
        """A file has no rate."""

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
