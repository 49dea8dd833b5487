"""Modbus TCP over pymodbus' client: hal.ports.Bus with one connection to one device (or gateway).

pymodbus carries the bytes and numbers the transactions. It compares neither function nor length with the
request, so the answer's own bytes are judged here as strictly as on a serial line (drivers.modbus_rtu).
No repeats by pymodbus: with its defaults one silent device takes 12 s. After any trouble the connection is
closed, so nothing late can be waiting in it; a device that cannot be reached is tried again after 1 s,
growing to 30 s, and costs nothing in between.
"""

import logging

from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException, ModbusIOException
from pymodbus.pdu import ModbusPDU

from drivers.clock import MonotonicClock
from drivers.modbus_rtu import Request, read_request, refusal, values_of, write_request
from hal.faults import FRAME, REFUSED, TIMEOUT, DeviceError
from hal.ports import Bus, Clock

TIMEOUT_MS = 1_000
RECONNECT_MS = 1_000
RECONNECT_MOST_MS = 30_000
MOST_HEARD = 1024  # bytes heard in one exchange; a longest answer has 260

logging.getLogger("pymodbus").setLevel(logging.CRITICAL + 1)  # what it would print, DeviceError says


class ModbusTcp(Bus):
    """Not for several threads: a line has one worker."""

    def __init__(self, host: str, port: int = 502, timeout_ms: int = TIMEOUT_MS,
                 reconnect_most_ms: int = RECONNECT_MOST_MS, clock: "Clock | None" = None) -> None:
        """`timeout_ms` bounds the connection and each answer, each by itself."""
        self._name = "%s:%d" % (host, port)
        self._clock = clock or MonotonicClock()
        self._client = ModbusTcpClient(host, port=port, timeout=timeout_ms / 1000, retries=0, trace_packet=self._trace)
        self._reconnect_most_ms = reconnect_most_ms
        self._sent = b""
        self._heard = b""
        self._wait_ms = 0  # after the newest failure to connect
        self._again_ms = 0  # not before this

    def read(self, unit: int, function: int, address: int, count: int) -> "tuple[int, ...]":
        request = read_request(unit, function, address, count)
        try:
            return values_of(self._ask(request), count)
        except _HungUp:  # as devices do with a connection that was idle for a while
            return values_of(self._ask(request), count)

    def write(self, unit: int, function: int, address: int, values: "tuple[int, ...]") -> None:
        self._ask(write_request(unit, function, address, values))

    def close(self) -> None:
        self._client.close()  # type: ignore[no-untyped-call]

    def _ask(self, request: Request) -> bytes:
        """The answer, unit and PDU."""
        used = self._client.connected
        self._connect()
        self._sent = self._heard = b""
        try:
            self._client.execute(False, _Raw(request.body))
            return self._believed(request)
        except ConnectionException as error:
            self.close()
            raise (_HungUp if used else DeviceError)(TIMEOUT, "%s: %s" % (self._name, error)) from error
        except (ModbusException, OSError) as error:
            self.close()
            raise DeviceError(FRAME if self._heard else TIMEOUT, "%s: %s" % (self._name, error)) from error

    def _believed(self, request: Request) -> bytes:
        """What was heard, if it is the answer to `request` and nothing else."""
        heard = self._heard
        answer = heard[6:]
        head = self._sent[:4] + bytes((len(answer) >> 8, len(answer) & 0xFF))  # transaction, protocol 0, length
        if heard[:6] == head and request.fits(answer):
            return answer
        body = request.body
        if heard[:6] == head and len(answer) == 3 and answer[:2] == bytes((body[0], body[1] | 0x80)):
            raise DeviceError(REFUSED, refusal(answer[2]))
        raise ModbusIOException("%s is no answer to %s" % (heard.hex(), self._sent.hex()))

    def _trace(self, sending: bool, data: bytes) -> bytes:
        """pymodbus shows what it sends, and all it has heard and not yet used."""
        if sending:
            self._sent = data
        else:
            self._heard = data
        if len(data) > MOST_HEARD:
            raise ModbusIOException("babble")
        return data

    def _connect(self) -> None:
        if self._client.connected:
            return
        now_ms = self._clock.now_ms()
        if now_ms < self._again_ms:
            raise DeviceError(TIMEOUT, "%s: no connection, next try in %d ms" % (self._name, self._again_ms - now_ms))
        if not self._client.connect():  # type: ignore[no-untyped-call]
            self._wait_ms = min(max(RECONNECT_MS, 2 * self._wait_ms), self._reconnect_most_ms)
            self._again_ms = self._clock.now_ms() + self._wait_ms
            raise DeviceError(TIMEOUT, "%s: no connection" % self._name)
        self._wait_ms = 0


class _HungUp(DeviceError):
    """The device had closed the connection before it was asked."""


class _Raw(ModbusPDU):
    """A request in bytes that are ready."""

    def __init__(self, body: bytes) -> None:
        super().__init__(dev_id=body[0])
        self.function_code = body[1]
        self._data = body[2:]

    def encode(self) -> bytes:
        return self._data
