"""A Modbus RTU master that never hands out another request's answer: hal.ports.Bus over a serial port.

What the bytes mean is decided in drivers.modbus_rtu, what may still come late in drivers.modbus_owed;
here is the time. Before each request the line must have been silent for a frame gap and the pause; what is
heard meanwhile is sorted, never believed. The answer must be complete within twice the time both frames
need on the wire plus the device's delay. A unit that says nothing costs one time-out; a spoilt answer is
asked for once more. So a read takes at most three time-outs, and only of a unit that does talk.

Another master on the line is no use case, but it happens. Its traffic is recognised and waited out. While
one has been heard lately, and after opening, the line is listened to after each answer for as long as
that unit has ever needed to answer: when two answers come, none is believed.

The port is opened when it is first used, and again after it was lost (adapter unplugged).
"""

import select
import termios

import serial

from drivers.clock import MonotonicClock
from drivers.modbus_owed import Owed, probes
from drivers.modbus_rtu import (
    FOUND,
    MOST_FRAME,
    REFUSED,
    SILENT,
    SPOILT,
    Request,
    Verdict,
    character_us,
    gap_us,
    judge,
    pending,
    read_request,
    split,
    values_of,
    write_request,
)
from hal import faults
from hal.faults import DeviceError
from hal.ports import Bus, Clock

DELAY_MS = 300  # default for the longest time a device takes before it answers
MOST_HEARD = 4 * MOST_FRAME  # more in one exchange is babble
IDLE_MS = 60  # silence that ends a spoilt answer; USB adapters hand bytes over in lumps of up to 16 ms
REOPEN_MS = 50  # between attempts while a lost port is waited for
OPEN_MS = 50  # silence after opening: an earlier master of this line may still be answered
BUSY_MS = 1_000  # how long another master's exchange is waited out; twice that for any silence at all
SEND_S = 1  # a port that takes no bytes for so long is broken
CAREFUL_FIRST_MS = 5_000  # after opening: is another master there?
CAREFUL_MS = 60_000  # after another master was heard
CAREFUL_LISTEN_MS = 60  # a second answer begins within this, until a slower answer of that unit was seen
MOST_PROBES = 3  # in one call

KINDS = {SILENT: faults.TIMEOUT, SPOILT: faults.FRAME, REFUSED: faults.REFUSED}


class ModbusSerial(Bus):
    """One line. Not for several threads: a line has one worker."""

    def __init__(self, port: str, baud: int = 9600, parity: str = "N", stop_bits: int = 1, echo: str = "auto",
                 pause_ms: int = 0, delay_ms: int = DELAY_MS, alone: bool = False,
                 clock: "Clock | None" = None) -> None:
        """`echo`: "yes" when the adapter repeats what is sent, "no" when not, "auto" to find out.

        `pause_ms` is added to the frame gap for slow devices, `delay_ms` is the longest a device takes
        before it answers. `alone`: nobody else waits for this line, so a unit that has missed one answer
        is asked again at once, a lost port is waited for during `delay_ms`, and a late answer is sat out
        rather than reported.
        """
        assert echo in ("auto", "yes", "no")
        self._port = _Port(port, baud, parity, stop_bits)
        self._clock = clock or MonotonicClock()
        self._character_us = character_us(baud, parity, stop_bits)
        self._gap_ms = -(-gap_us(baud, parity, stop_bits) // 1000) + pause_ms
        self._delay_ms = delay_ms
        self._alone = alone
        self._find_echo = echo == "auto"
        self._echo: "bool | None" = None if self._find_echo else echo == "yes"  # None: not known yet
        self._owed = Owed()
        self._quiet_ms = 0  # when the last byte on the line ended
        self._careful_ms = 0  # until then we listen longer
        self._slowest_ms: "dict[int, int]" = {}  # by unit: longest wait for a believed answer
        self._silent: "set[int]" = set()  # units that said nothing when they were last asked

    def read(self, unit: int, function: int, address: int, count: int) -> "tuple[int, ...]":
        assert 1 <= unit <= 247
        request = read_request(unit, function, address, count)
        patient = self._alone and unit not in self._silent
        start_ms = self._clock.now_ms()
        was_open = self._port.is_open()
        try:
            return values_of(self._ask(request), count)
        except DeviceError as error:
            quick = self._clock.now_ms() - start_ms < self._timeout_ms(request) // 2
            again = patient and (was_open or self._port.is_open()) or (quick and error.kind == faults.FRAME)
            if error.kind == faults.REFUSED or not again:
                raise
        return values_of(self._ask(request), count)

    def write(self, unit: int, function: int, address: int, values: "tuple[int, ...]") -> None:
        assert 1 <= unit <= 247
        self._ask(write_request(unit, function, address, values))

    def close(self) -> None:
        self._port.close()

    def _ask(self, request: Request) -> bytes:
        """The answer, unit and PDU."""
        self._await_silence()
        if request.head in self._owed.heads(request.body[0], self._clock.now_ms()):
            self._settle(request)
        if request.mirrored() and self._echo is None:
            self._learn_echo(request)
        verdict = self._exchange(request)
        if verdict.kind != FOUND:
            raise DeviceError(KINDS[verdict.kind], verdict.detail)
        return verdict.answer

    def _settle(self, request: Request) -> None:
        """Makes sure that no answer of the shape of `request` can still come from an earlier one."""
        unit = request.body[0]
        verdict = None
        for probe in probes(request, self._owed.heads(unit, self._clock.now_ms()))[:MOST_PROBES]:
            verdict = self._exchange(probe)
            if request.head not in self._owed.heads(unit, self._clock.now_ms()):
                return
            if verdict.kind == SILENT:
                raise DeviceError(faults.TIMEOUT, "no answer, and a late one may still come")
        if verdict is not None and verdict.kind == SPOILT:
            raise DeviceError(faults.FRAME, verdict.detail)
        if not self._alone:
            raise DeviceError(faults.TIMEOUT, "a late answer may still come")
        self._clock.sleep_ms(self._owed.lapses_ms(request.head, self._clock.now_ms()))

    def _learn_echo(self, request: Request) -> None:
        """An echo of functions 5 and 6 looks like their confirmation: a read first shows whether there is one."""
        probe = probes(request, self._owed.heads(request.body[0], self._clock.now_ms()))[0]
        verdict = self._exchange(probe)
        if self._echo is None:
            raise DeviceError(KINDS[verdict.kind], "nothing written: echo or confirmation? %s" % verdict.detail)

    def _exchange(self, request: Request) -> Verdict:
        """One request on the wire, and what came of it; whatever is not believed is owed from then on."""
        self._await_silence()
        unit = request.body[0]
        owed = self._owed.heads(unit, self._clock.now_ms())
        try:
            self._port.say(request.frame())
            sent_ms = self._clock.now_ms()
            verdict = self._listen(request, owed, sent_ms)
        except DeviceError:
            self._owed.add(request.head, self._clock.now_ms())
            raise
        self._owed.settle(unit, verdict.settled)
        if verdict.kind == FOUND:
            self._owed.settle_all(unit)
        elif verdict.kind != REFUSED or owed or verdict.others:
            self._owed.add(request.head, self._clock.now_ms())
        self._learn(request, verdict)
        return verdict

    def _learn(self, request: Request, verdict: Verdict) -> None:
        if verdict.others:
            self._careful_ms = self._clock.now_ms() + CAREFUL_MS
        if verdict.kind == SILENT:
            self._silent.add(request.body[0])
        else:
            self._silent.discard(request.body[0])
        if not self._find_echo:
            return
        if verdict.echoed:
            self._echo = True
        elif verdict.kind == SPOILT or self._echo:
            self._echo = None
        elif verdict.kind != SILENT:
            self._echo = False

    def _listen(self, request: Request, owed: "tuple[bytes, ...]", sent_ms: int) -> Verdict:
        """Everything until the answer stands alone, until it is spoilt, or until its time is over."""
        latest_ms = until_ms = sent_ms + self._timeout_ms(request)
        heard = b""
        found_ms = 0
        verdict = judge(request, heard)
        while len(heard) <= MOST_HEARD:
            now_ms = self._clock.now_ms()
            lump = self._port.hear(until_ms - now_ms)
            if not lump:
                if now_ms >= until_ms:
                    return self._timed(request, verdict, found_ms - sent_ms)
                continue
            heard += lump
            self._quiet_ms = now_ms = self._clock.now_ms()
            verdict = judge(request, heard, owed, self._echo is not False)
            if verdict.kind in (FOUND, REFUSED):
                found_ms = found_ms or now_ms
                until_ms = found_ms + self._listen_ms(request.body[0], found_ms - sent_ms)
            elif verdict.kind == SPOILT and not verdict.others:
                until_ms = min(latest_ms, now_ms + IDLE_MS)
            else:
                until_ms = latest_ms
        return Verdict(SPOILT, b"", verdict.echoed, verdict.settled, True, "the line never falls silent")

    def _timed(self, request: Request, verdict: Verdict, took_ms: int) -> Verdict:
        if verdict.kind == FOUND:
            unit = request.body[0]
            self._slowest_ms[unit] = max(took_ms, self._slowest_ms.get(unit, 0))
        return verdict

    def _listen_ms(self, unit: int, took_ms: int) -> int:
        """How long after an answer a second one is listened for."""
        if self._clock.now_ms() >= self._careful_ms:
            return self._gap_ms
        return max(CAREFUL_LISTEN_MS, took_ms, self._slowest_ms.get(unit, 0))

    def _timeout_ms(self, request: Request) -> int:
        frames_bytes = len(request.body) + 2 + request.answer_bytes + 2
        if self._echo is not False:
            frames_bytes += len(request.body) + 2
        return self._delay_ms + 2 * frames_bytes * self._character_us // 1000 + 1

    def _await_silence(self) -> None:
        """Drains the line until it may be spoken on. Nothing heard here is believed."""
        if not self._port.is_open():
            self._open()
        heard = b""
        start_ms = self._clock.now_ms()
        while True:
            now_ms = self._clock.now_ms()
            foreign = bool(heard and pending(heard)) and now_ms - start_ms < BUSY_MS
            wait_ms = self._quiet_ms + (max(self._delay_ms, self._gap_ms) if foreign else self._gap_ms) - now_ms
            lump = self._port.hear(wait_ms)
            if lump:
                heard = (heard + lump)[-MOST_HEARD:]
                self._quiet_ms = self._clock.now_ms()
                if now_ms - start_ms > 2 * BUSY_MS:
                    raise DeviceError(faults.FRAME, "the line never falls silent")
            elif wait_ms <= 0:
                break
        if heard:
            self._sort(heard)

    def _sort(self, heard: bytes) -> None:
        """What was heard outside our exchanges: late answers of ours, or another master."""
        now_ms = self._clock.now_ms()
        for _, frame in split(heard):
            if frame and not self._owed.came(frame, now_ms):
                self._careful_ms = now_ms + CAREFUL_MS
        head = pending(heard)
        if head:
            self._owed.add(head, now_ms)

    def _open(self) -> None:
        latest_ms = self._clock.now_ms() + (self._delay_ms if self._alone else 0)
        while not self._port.is_open():
            try:
                self._port.open()
            except DeviceError:
                if self._clock.now_ms() >= latest_ms:
                    raise
                self._clock.sleep_ms(REOPEN_MS)
        now_ms = self._clock.now_ms()
        self._quiet_ms = now_ms + OPEN_MS
        self._careful_ms = max(self._careful_ms, now_ms + CAREFUL_FIRST_MS)
        if self._find_echo:
            self._echo = None


class _Port:
    """Bytes of a serial port; any trouble with it closes it and is a DeviceError."""

    def __init__(self, path: str, baud: int, parity: str, stop_bits: int) -> None:
        self._path = path
        self._baud = baud
        self._parity = parity
        self._stop_bits = stop_bits
        self._serial: "serial.Serial | None" = None

    def is_open(self) -> bool:
        return self._serial is not None

    def open(self) -> None:
        """Locked: two masters would each get half of the answers."""
        try:
            self._serial = serial.Serial(self._path, self._baud, parity=self._parity, stopbits=self._stop_bits,
                                         timeout=0, write_timeout=SEND_S, exclusive=True)
        except (OSError, ValueError, termios.error) as error:
            raise self._lost(error) from error

    def hear(self, wait_ms: int) -> bytes:
        """What has come, after waiting for the first byte at most `wait_ms`."""
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
        return DeviceError(faults.TIMEOUT, "%s: %s" % (self._path, error))
