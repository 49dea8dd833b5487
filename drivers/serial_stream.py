"""A Stream over a serial adapter: an optical head on USB or UART.

The port is opened when it is first read and again after it was lost, so that a head that is plugged in
later, or pulled and put back, needs no restart. It is locked: two readers would each get half of the bytes.
"""

import select
import termios

import serial

from hal.faults import TIMEOUT, DeviceError
from hal.ports import Stream


class SerialStream(Stream):
    """8 data bits, no parity, 1 stop bit, as SML's optical ports send (IEC 62056-21 hardware, push mode)."""

    def __init__(self, port: str, baud: int = 9600) -> None:
        self._port = port
        self._baud = baud
        self._serial: "serial.Serial | None" = None

    def read(self, most: int, wait_ms: int) -> bytes:
        try:
            if self._serial is None:
                self._serial = serial.Serial(self._port, self._baud, timeout=0, exclusive=True)
            ready, _, _ = select.select([self._serial], [], [], wait_ms / 1000)
            return bytes(self._serial.read(most)) if ready else b""
        except (OSError, ValueError, termios.error) as error:  # serial.SerialException is an OSError
            self.close()
            raise DeviceError(TIMEOUT, "%s: %s" % (self._port, error)) from error

    def close(self) -> None:
        if self._serial is not None:
            self._serial.close()
            self._serial = None
