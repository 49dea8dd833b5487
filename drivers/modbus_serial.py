"""Modbus RTU over a serial adapter: drivers.modbus_master on pyserial.

The port is opened when it is first used, and again after it was lost (adapter unplugged). It is locked:
two masters would each get half of the answers. A port tcp://HOST:PORT is a serial server's (drivers.modbus_socket).
"""

import select
import termios

import serial

from drivers.clock import MonotonicClock
from drivers.modbus_master import DELAY_MS, Port, RtuMaster
from drivers.modbus_rtu import MOST_FRAME
from drivers.modbus_socket import RECONNECT_MOST_MS, SocketPort
from drivers.serial_words import why
from drivers.socket_stream import PREFIX
from hal.faults import TIMEOUT, DeviceError
from hal.ports import Clock

SEND_S = 1  # a port that takes no bytes for so long is broken


class ModbusSerial(RtuMaster):
    """For the arguments see RtuMaster."""

    def __init__(self, port: str, baud: int = 9600, parity: str = "N", stop_bits: int = 1, echo: str = "auto",
                 pause_ms: int = 0, delay_ms: int = DELAY_MS, alone: bool = False,
                 clock: "Clock | None" = None) -> None:
        clock = clock or MonotonicClock()
        opened = port_of(port, baud, parity, stop_bits, clock, 0 if alone else RECONNECT_MOST_MS)
        super().__init__(opened, clock, baud, parity, stop_bits, echo, pause_ms, delay_ms, alone)


def port_of(place: str, baud: int, parity: str, stop_bits: int, clock: Clock,
            reconnect_most_ms: int = RECONNECT_MOST_MS) -> Port:
    """A serial adapter by its path, or a serial server as tcp://HOST:PORT; ValueError for a place that is neither."""
    if place.startswith(PREFIX):
        return SocketPort(place, clock, reconnect_most_ms)
    return SerialPort(place, baud, parity, stop_bits)


class SerialPort(Port):
    """Any trouble with the port closes it."""

    def __init__(self, path: str, baud: int, parity: str, stop_bits: int) -> None:
        self._path = path
        self._baud = baud
        self._parity = parity
        self._stop_bits = stop_bits
        self._serial: "serial.Serial | None" = None

    def is_open(self) -> bool:
        return self._serial is not None

    def open(self) -> None:
        try:
            self._serial = serial.Serial(self._path, self._baud, parity=self._parity, stopbits=self._stop_bits,
                                         timeout=0, write_timeout=SEND_S, exclusive=True)
        except (OSError, ValueError, termios.error) as error:
            raise self._lost(error) from error

    def hear(self, wait_ms: int) -> bytes:
        assert self._serial is not None
        try:
            ready, _, _ = select.select([self._serial], [], [], max(0, wait_ms) / 1000)
            return bytes(self._serial.read(MOST_FRAME)) if ready else b""
        except (OSError, ValueError, termios.error) as error:  # serial.SerialException is an OSError
            raise self._lost(error) from error

    def say(self, frame: bytes) -> None:
        assert self._serial is not None
        try:
            self._serial.write(frame)
        except (OSError, ValueError, termios.error) as error:
            raise self._lost(error) from error

    def close(self) -> None:
        if self._serial is not None:
            self._serial.close()
            self._serial = None

    def _lost(self, error: Exception) -> DeviceError:
        self.close()
        return DeviceError(TIMEOUT, "%s: %s" % (self._path, why(error)))
