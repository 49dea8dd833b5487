"""A Stream over a serial adapter: an optical head, a P1 cable, a radio stick or an M-Bus converter on USB or UART.

The port is opened when it is first read and again after it was lost, so that a head that is plugged in
later, or pulled and put back, needs no restart. It is locked: two readers would each get half of the bytes.
"""

import select
import termios

import serial

from drivers.serial_words import why
from hal.faults import TIMEOUT, DeviceError
from hal.ports import Dialogue

MOST_WRITE_S = 5.0  # 64 characters at 300 baud take 2.2 s


class SerialStream(Dialogue):
    """8 data bits, 1 stop bit. Where a meter has 7 and even parity, the eighth bit is the parity bit."""

    def __init__(self, port: str, baud: int = 9600, parity: str = "N") -> None:
        self._port = port
        self._baud = baud
        self._parity = parity
        self._serial: "serial.Serial | None" = None

    def read(self, most: int, wait_ms: int) -> bytes:
        try:
            port = self._opened()
            ready, _, _ = select.select([port], [], [], wait_ms / 1000)
            return bytes(port.read(most)) if ready else b""
        except (OSError, ValueError, termios.error) as error:  # serial.SerialException is an OSError
            raise self._gone(error) from error

    def write(self, data: bytes) -> None:
        try:
            port = self._opened()
            port.write(data)
            port.flush()
        except (OSError, ValueError, termios.error) as error:
            raise self._gone(error) from error

    def set_baud(self, baud: int) -> None:
        try:
            self._opened().baudrate = baud
        except (OSError, ValueError, termios.error) as error:
            raise self._gone(error) from error

    def _opened(self) -> serial.Serial:
        if self._serial is None:
            self._serial = serial.Serial(self._port, self._baud, parity=self._parity, timeout=0,
                                         write_timeout=MOST_WRITE_S, exclusive=True)
        return self._serial

    def _gone(self, error: Exception) -> DeviceError:
        self.close()
        return DeviceError(TIMEOUT, "%s: %s" % (self._port, why(error)))

    def close(self) -> None:
        if self._serial is not None:
            self._serial.close()
            self._serial = None
